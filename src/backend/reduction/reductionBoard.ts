import type { Reduced, Reduction, ReductionRoom } from "./reduced.js";
import { readRecord, recordLength, writeRecord } from "./reducedRecord.js";

/** Tensors that may wait at once. */
export const slots = 128;

/** Places in the Int32Array. */
const control = { posted: 0, next: 1, done: 2, busyMicroseconds: 3, length: 4 } as const;
const jobLength = 6;
const jobsAt = control.length * 4;
const answeredAt = jobsAt + slots * jobLength * 4;
const recordsAt = answeredAt + slots;
const saturations = ["none", "tanh", "sigmoid"] as const;
/** What the script's thread and its helper share: tensors that wait to be reduced, and what came of them. */
export class ReductionBoard {
  private readonly control: Int32Array;
  private readonly jobs: Uint32Array;
  /** 1 for each slot that has a result. */
  private readonly answered: Uint8Array;
  private readonly records: Float64Array;

  /** @param memory as `ReductionBoard.memory` made it; the same on both threads */
  constructor(memory: SharedArrayBuffer) {
    this.control = new Int32Array(memory, 0, control.length);
    this.jobs = new Uint32Array(memory, jobsAt, slots * jobLength);
    this.answered = new Uint8Array(memory, answeredAt, slots);
    this.records = new Float64Array(memory, recordsAt);
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(recordsAt + slots * recordLength * 8);
  }

  get posted(): number {
    return Atomics.load(this.control, control.posted);
  }

  get done(): number {
    return Atomics.load(this.control, control.done);
  }

  /** Script's thread: one more waits, without waking anybody; its number. */
  post({ at, length, isInteger, channels, saturation, sample }: Reduction): number {
    const { posted } = this;
    const from = slotOf(posted) * jobLength;
    this.jobs[from] = at;
    this.jobs[from + 1] = length;
    this.jobs[from + 2] = Number(isInteger);
    this.jobs[from + 3] = channels;
    this.jobs[from + 4] = saturations.indexOf(saturation);
    this.jobs[from + 5] = sample;
    Atomics.store(this.control, control.posted, (posted + 1) | 0);
    return posted;
  }

  /** Script's thread. */
  wake(): void {
    Atomics.notify(this.control, control.posted);
  }

  /** The number of one that nobody has begun, and that is now the caller's; null when there is none. */
  claim(): number | null {
    for (;;) {
      const next = Atomics.load(this.control, control.next);
      if (next === this.posted) return null;
      if (Atomics.compareExchange(this.control, control.next, next, (next + 1) | 0) === next) return next;
    }
  }

  /** The claimer's last word about it. */
  finished(): void {
    Atomics.add(this.control, control.done, 1);
    Atomics.notify(this.control, control.done);
  }

  /** Helper: returns when something waits. */
  waitForPost(): void {
    const { posted } = this;
    if (Atomics.load(this.control, control.next) === posted) Atomics.wait(this.control, control.posted, posted);
  }

  /** Script's thread: returns when more are done than these, or after so long. */
  waitForDone(done: number, ms: number): void {
    Atomics.wait(this.control, control.done, done, ms);
  }

  busy(ms: number): void {
    Atomics.add(this.control, control.busyMicroseconds, 1000 * ms);
  }

  /** Milliseconds that the helper has been busy since this was last asked. */
  takeBusyMs(): number {
    return Atomics.exchange(this.control, control.busyMicroseconds, 0) / 1000;
  }

  wanted(number: number): Reduction {
    const from = slotOf(number) * jobLength;
    const field = (at: number): number => this.jobs[from + at] as number;
    return {
      at: field(0),
      length: field(1),
      isInteger: field(2) === 1,
      channels: field(3),
      saturation: saturations[field(4)] ?? "none",
      sample: field(5),
    };
  }

  /** Helper: null where it failed. */
  answer(number: number, result: Reduced | null): void {
    this.answered[slotOf(number)] = result === null ? 0 : 1;
    if (result !== null) writeRecord(this.recordOf(number), result);
  }

  /** Script's thread, once it is done: what the helper found; null where it failed. */
  read(number: number, room: ReductionRoom): Reduced | null {
    return this.answered[slotOf(number)] === 1 ? readRecord(this.recordOf(number), room) : null;
  }

  private recordOf(number: number): Float64Array {
    const from = slotOf(number) * recordLength;
    return this.records.subarray(from, from + recordLength);
  }
}

/** Numbers count up to 2³¹ and go on below zero. */
function slotOf(number: number): number {
  return (number >>> 0) % slots;
}
