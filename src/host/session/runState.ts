import type { RunFile, RunStatus } from "../../run/format.js";

/** What is known about a run at one moment; times in milliseconds. */
export interface RunSight {
  readonly run: RunFile;
  /** As the reader sees it: `interrupted` where the process is gone. */
  readonly status: RunStatus;
  /** Newest recorded step; 0 before the first. */
  readonly steps: number;
  /** When the number of steps last grew, by the host's clock. */
  readonly lastStepAtMs: number;
  readonly medianStepMs: number | null;
  readonly nowMs: number;
}

/** One value for each sentence that the user can read; the wording is in stateSentence.ts. */
export type RunCondition =
  | "noTensorFlow"
  | "noStep"
  | "running"
  | "stalled"
  | "completed"
  | "neverLoaded"
  | "neverTrained"
  | "failed"
  | "stopped"
  | "interrupted";

export const stalledAfterMs = 10_000;
const stalledAfterSteps = 5;

export function runCondition(sight: RunSight): RunCondition {
  const { run, status, steps } = sight;
  switch (status) {
    case "running":
      if (steps === 0) return run.engine === null ? "noTensorFlow" : "noStep";
      return isStalled(sight) ? "stalled" : "running";
    case "completed":
      if (steps > 0) return "completed";
      return run.engine === null ? "neverLoaded" : "neverTrained";
    case "failed":
    case "stopped":
    case "interrupted":
      return status;
    default:
      return status satisfies never;
  }
}

function isStalled({ lastStepAtMs, medianStepMs, nowMs }: RunSight): boolean {
  const allowedMs = Math.max(stalledAfterMs, stalledAfterSteps * (medianStepMs ?? 0));
  return nowMs - lastStepAtMs > allowedMs;
}

export interface Progress {
  readonly stepsPerSecond: number | null;
  readonly elapsedMs: number | null;
  readonly remainingMs: number | null;
}

/** `recentTimesMs`: when the last steps happened, in milliseconds since the run's start, oldest first. */
export function progress(sight: RunSight, recentTimesMs: readonly number[]): Progress {
  const { run, status, nowMs } = sight;
  const endMs =
    run.endedAt === null ? (status === "running" ? nowMs : Date.parse(run.heartbeatAt)) : Date.parse(run.endedAt);
  const elapsedMs = Math.max(0, endMs - Date.parse(run.startedAt));
  const stepsPerSecond = rate(recentTimesMs);
  return {
    elapsedMs: Number.isFinite(elapsedMs) ? elapsedMs : null,
    stepsPerSecond,
    remainingMs: status === "running" ? remainingMs(sight, stepsPerSecond) : null,
  };
}

function rate(timesMs: readonly number[]): number | null {
  const first = timesMs[0];
  const last = timesMs.at(-1);
  if (first === undefined || last === undefined || !(last > first)) return null;
  return ((timesMs.length - 1) * 1000) / (last - first);
}

/** Only where `fit` tells how many epochs and steps there will be, and while this is its first call. */
function remainingMs({ run, steps }: RunSight, stepsPerSecond: number | null): number | null {
  const { epoch } = run;
  if (stepsPerSecond === null || epoch === null || epoch.total === null || epoch.stepsPerEpoch === null) return null;
  const left = epoch.total * epoch.stepsPerEpoch - steps;
  return left < 0 ? null : (left * 1000) / stepsPerSecond;
}
