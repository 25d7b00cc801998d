import { join } from "node:path";
import type { KernelHome } from "../../kernels/home.js";
import type { Kernels } from "../../kernels/kernels.js";
import { isFloat32, isIn, type KernelValues } from "../../kernels/measured.js";
import { usableThreads } from "../engine/embedded/usableThreads.js";
import { startHelperThread } from "../helperThread.js";
import type { CopyRoom } from "./copyRoom.js";
import {
  type Reduced,
  type Reduction,
  type ReductionRoom,
  reduced,
  valuesAt,
  type WantedStatistics,
} from "./reduced.js";
import { mostChannels } from "./reducedRecord.js";
import type { ReducerData } from "./reducerData.js";
import { ReductionBoard, slots } from "./reductionBoard.js";

/** Smaller tensors take less time than telling somebody about them. */
const leastLength = 16_384;
/** Large tensors before the helper is started, so that a short script does without. */
const largeBeforeStart = 12;
const helperBytes = 6 * 2 ** 20;
const waitMs = 1;
/** A tensor takes milliseconds: a helper that is silent for so long has been ended from outside. */
const mostWaits = 20_000;

interface Pending {
  readonly wanted: Reduction;
  readonly room: ReductionRoom;
  readonly take: (result: Reduced) => void;
  isTaken: boolean;
}

/**
 * Large tensors are reduced by a helper while the script's thread is busy with the gradients: where they lie, if that is
 * memory of the embedded engine, else from copies. What the helper has not begun when it is asked for is done here.
 */
export class ReductionQueue {
  private board: ReductionBoard | null = null;
  private readonly pending: Pending[] = [];
  /** Number of the first pending one. */
  private first = 0;
  private large = 0;
  private isUsable = usableThreads() > 1;

  constructor(
    private readonly kernels: Kernels,
    /** What the helper can read. */
    private readonly home: KernelHome,
    /** For tensors that lie elsewhere. */
    private readonly copies: CopyRoom | null = null,
  ) {}

  /** Whether `add` may be called: else the caller has to do it. */
  wants(values: KernelValues, { channels }: WantedStatistics): boolean {
    if (values.length < leastLength || channels > mostChannels) return false;
    if (!this.readsInPlace(values) && this.copies?.hasRoomFor(values) !== true) return false;
    this.large++;
    return this.isUsable && this.board !== null && this.pending.length < slots;
  }

  /** Whether whoever adds them has to keep them alive until the result is taken. */
  readsInPlace(values: KernelValues): boolean {
    return isIn(this.home.memory, values);
  }

  add(values: KernelValues, statistics: WantedStatistics, room: ReductionRoom, take: (result: Reduced) => void): void {
    if (this.board === null) throw new Error("There is no helper for it.");
    const at = this.readsInPlace(values) ? values.byteOffset : this.copies?.put(values);
    if (at === undefined) throw new Error("The helper cannot read these values.");
    const wanted = { ...statistics, at, length: values.length, isInteger: !isFloat32(values) };
    const number = this.board.post(wanted);
    if (this.pending.length === 0) this.first = number;
    this.pending.push({ wanted, room, take, isTaken: false });
  }

  /** The forward pass is over. To wake somebody is dear, so it is done once. */
  begin(): void {
    if (this.pending.length > 0) this.board?.wake();
    // Not in the middle of a pass: the memory may grow for it, and leave views behind.
    else if (this.large >= largeBeforeStart && this.isUsable) this.board ??= this.start();
  }

  /** In the middle of a pass: as `settle`, with the helper's help. */
  flush(): void {
    if (this.pending.length > 0) this.board?.wake();
    this.settle();
  }

  /** Returns when all that was added is done and taken. */
  settle(): void {
    const { board, pending } = this;
    if (board === null || pending.length === 0) return;
    for (let number = board.claim(); number !== null; number = board.claim()) {
      const own = pending[(number - this.first) | 0];
      if (own !== undefined) this.reduceHere(own);
      board.finished();
    }
    const isDone = this.waitForHelper(board);
    for (const [at, each] of pending.entries()) {
      if (each.isTaken) continue;
      const result = isDone ? board.read((this.first + at) | 0, each.room) : null;
      if (result === null) this.reduceHere(each);
      else each.take(result);
    }
    pending.length = 0;
    this.copies?.clear();
  }

  /** Milliseconds that the helper has been busy since this was last asked. */
  takeBusyMs(): number {
    return this.board?.takeBusyMs() ?? 0;
  }

  private reduceHere(pending: Pending): void {
    const { wanted, room, take } = pending;
    pending.isTaken = true;
    take(reduced(this.kernels, valuesAt(this.home.memory, wanted), wanted, room));
  }

  private waitForHelper(board: ReductionBoard): boolean {
    for (let waits = 0; waits < mostWaits; waits++) {
      const { done } = board;
      if (done === board.posted) return true;
      board.waitForDone(done, waitMs);
    }
    this.isUsable = false;
    return false;
  }

  /** Null where there can be no threads: Node's permission model may forbid them. */
  private start(): ReductionBoard | null {
    const shared = ReductionBoard.memory();
    const room = { at: this.home.allocate(helperBytes), bytes: helperBytes };
    const data: ReducerData = { memory: this.home.memory, board: shared, room };
    try {
      startHelperThread(join(__dirname, "reducer.cjs"), data);
      return new ReductionBoard(shared);
    } catch {
      this.isUsable = false;
      return null;
    }
  }
}
