/**
 * How the script's thread and its helpers share the work of one kernel call: through shared memory only, because a
 * training loop may never return to the event loop. Work is cut into pieces; whoever is free takes the next one, so a
 * helper that starts late or is held up delays nobody.
 */

/** Places in the Int32Array. */
export const control = {
  /** Counts the calls; helpers sleep on it. */
  call: 0,
  /** Helpers that may be working on a piece. The caller returns when there are none. */
  inside: 1,
  /** 1 while the parameters belong to a call that is going on. */
  open: 2,
  /** The next piece to be taken. */
  next: 3,
  pieces: 4,
  unitsInPiece: 5,
  units: 6,
  kernel: 7,
  parameters: 8,
  failed: 9,
  length: 16,
} as const;

export const parameterLimit = 40;

/** Kernels of assembly/training.as that can do a part: (from, until, thread, …parameters). */
export const sharedKernels = [
  "convolveImages",
  "filterGradientGroups",
  "inputGradientByProducts",
  "inputGradientOfFew",
  "gemmRows",
  "winogradRows",
  "winogradFilterGroups",
] as const;

export type SharedKernel = (typeof sharedKernels)[number];
export type PartialWork = (from: number, until: number, thread: number, ...parameters: number[]) => void;
export type SharedKernels = Readonly<Record<SharedKernel, PartialWork>>;

/** The views of one block of shared memory. */
export interface Blackboard {
  readonly control: Int32Array;
  readonly parameters: Float64Array;
}

export const blackboardBytes = control.length * 4 + parameterLimit * 8;

export function blackboard(memory: SharedArrayBuffer): Blackboard {
  return {
    control: new Int32Array(memory, 0, control.length),
    parameters: new Float64Array(memory, control.length * 4, parameterLimit),
  };
}

/** Takes pieces of the call that is on the board until there are none left. */
export function takePieces(board: Blackboard, kernels: SharedKernels, thread: number): void {
  const { control: state } = board;
  const pieces = state[control.pieces] as number;
  const size = state[control.unitsInPiece] as number;
  const units = state[control.units] as number;
  const work = kernels[sharedKernels[state[control.kernel] as number] as SharedKernel];
  const parameters = Array.from(board.parameters.subarray(0, state[control.parameters]));
  for (;;) {
    const piece = Atomics.add(state, control.next, 1);
    if (piece >= pieces) return;
    work(piece * size, Math.min(units, (piece + 1) * size), thread, ...parameters);
  }
}

/** What a helper is started with. */
export interface HelperData {
  readonly module: unknown;
  readonly memory: unknown;
  readonly board: SharedArrayBuffer;
  /** From 1; the script's own thread is 0. */
  readonly thread: number;
}
