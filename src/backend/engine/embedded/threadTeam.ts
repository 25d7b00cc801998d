import { join } from "node:path";
import { startHelperThread } from "../../helperThread.js";
import {
  blackboard,
  blackboardBytes,
  control,
  type HelperData,
  type SharedKernel,
  type SharedKernels,
  sharedKernels,
  takePieces,
} from "./threadProtocol.js";
import { usableThreads } from "./usableThreads.js";

/** Multiplications that are worth waking somebody for: about half a millisecond of one thread. */
const largeWork = 6e6;
/** Large calls before helpers are started, so that a short script does without them. */
const callsBeforeStart = 6;
const spins = 2000;
const waitMs = 1;
/** A piece takes milliseconds: a helper that is silent for so long has been ended from outside. */
const mostWaits = 60_000;

/** The script's thread and its helpers. */
export class ThreadTeam {
  /** 1 where there are no helpers. */
  size: number;
  readonly #board = new SharedArrayBuffer(blackboardBytes);
  readonly #views = blackboard(this.#board);
  #largeCalls = 0;
  #isStarted = false;

  constructor(
    private readonly folder: string,
    private readonly module: WebAssembly.Module,
    private readonly memory: WebAssembly.Memory,
    private readonly kernels: SharedKernels,
  ) {
    this.size = usableThreads();
  }

  /**
   * Runs all `units` of a kernel, shared out where `work` (multiplications in all) is worth it. Returns when done.
   * A piece has a multiple of `grain` units; `shares` pieces are made for each thread, so that one who comes late is
   * no loss.
   */
  run(kernel: SharedKernel, units: number, work: number, parameters: readonly number[], grain = 1, shares = 4): void {
    if (this.size === 1 || units <= grain || work < largeWork) {
      this.kernels[kernel](0, units, 0, ...parameters);
      return;
    }
    this.#largeCalls++;
    if (!this.#isStarted && this.#largeCalls >= callsBeforeStart) {
      this.#isStarted = true;
      try {
        this.#start();
      } catch {
        // Node's permission model forbids threads: the script's own does it all.
        this.size = 1;
        this.kernels[kernel](0, units, 0, ...parameters);
        return;
      }
    }
    const { control: state, parameters: board } = this.#views;
    const unitsInPiece = Math.ceil(units / (this.size * shares) / grain) * grain;
    state[control.pieces] = Math.ceil(units / unitsInPiece);
    state[control.unitsInPiece] = unitsInPiece;
    state[control.units] = units;
    state[control.kernel] = sharedKernels.indexOf(kernel);
    state[control.parameters] = parameters.length;
    board.set(parameters);
    Atomics.store(state, control.next, 0);
    Atomics.store(state, control.open, 1);
    Atomics.add(state, control.call, 1);
    Atomics.notify(state, control.call);
    try {
      takePieces(this.#views, this.kernels, 0);
    } finally {
      Atomics.store(state, control.open, 0);
      this.#waitForHelpers();
    }
  }

  #waitForHelpers(): void {
    const { control: state } = this.#views;
    for (let spin = 0; spin < spins; spin++) if (Atomics.load(state, control.inside) === 0) break;
    let waits = 0;
    for (; waits < mostWaits; waits++) {
      const inside = Atomics.load(state, control.inside);
      if (inside === 0) break;
      Atomics.wait(state, control.inside, inside, waitMs);
    }
    if (Atomics.exchange(state, control.failed, 0) === 1 || waits === mostWaits) {
      this.size = 1;
      throw new Error("A helper thread of the embedded engine failed. Set LAYERSCOPE_THREADS=1 and try again.");
    }
  }

  #start(): void {
    for (let thread = 1; thread < this.size; thread++) {
      const data: HelperData = { module: this.module, memory: this.memory, board: this.#board, thread };
      startHelperThread(join(this.folder, "kernelThread.cjs"), data);
    }
  }
}
