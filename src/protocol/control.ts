/**
 * Control socket: one JSON object a line each way. The training process (its recorder worker) is the server,
 * so it answers while the training loop is busy. The socket is the owner's only (mode 0600 in a 0700 folder).
 */

export type ToTraining = StopRequest | CaptureRequest | BudgetRequest | PingRequest;

/** End the process: SIGINT first, by the worker itself; the caller escalates when it does not end. */
export interface StopRequest {
  readonly type: "stop";
}
/** Capture every statistic of the next step, whatever the budget says. */
export interface CaptureRequest {
  readonly type: "capture";
}
export interface BudgetRequest {
  readonly type: "budget";
  /** `scalars`, `every`, or a percentage as a decimal string. */
  readonly budget: string;
}
export interface PingRequest {
  readonly type: "ping";
}

export type FromTraining = { readonly ok: true } | { readonly ok: false; readonly error: string };
