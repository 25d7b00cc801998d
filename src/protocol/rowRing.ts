/**
 * Rows from the training thread to the recorder worker through shared memory: a message would cost the training thread
 * an allocation, a copy and the waking of the other thread; here it only writes. One writer, one reader that polls.
 *
 * Positions count float64 slots and wrap around at 2³²; the capacity is a power of two, so that they stay in step.
 * A row lies in one piece: where the end of the memory is too near, it is marked and the row starts at the beginning.
 */
export class RowRing {
  private readonly header: Int32Array;
  readonly values: Float64Array;

  /** @param memory as `RowRing.memory` made it; the same on both threads */
  constructor(memory: SharedArrayBuffer) {
    this.header = new Int32Array(memory, 0, headerBytes / 4);
    this.values = new Float64Array(memory, headerBytes);
  }

  /** @param capacity number of float64, a power of two */
  static memory(capacity: number): SharedArrayBuffer {
    return new SharedArrayBuffer(headerBytes + 8 * capacity);
  }

  /** Float64 that wait for the reader. */
  get waiting(): number {
    return (Atomics.load(this.header, writtenAt) - Atomics.load(this.header, readAt)) >>> 0;
  }

  /** Up to where rows have been written; for `drain`. */
  get written(): number {
    return Atomics.load(this.header, writtenAt) >>> 0;
  }

  /** Writer: where in `values` a row of this length may be put; null where there is no room now. */
  reserve(length: number): number | null {
    const capacity = this.values.length;
    const written = this.written;
    const at = written % capacity;
    const skipped = at + length > capacity ? capacity - at : 0;
    if (this.waiting + skipped + length > capacity) return null;
    if (skipped === 0) return at;
    this.values[at] = restartMark;
    Atomics.store(this.header, writtenAt, (written + skipped) | 0);
    return 0;
  }

  /** Writer: the row is there. */
  commit(length: number): void {
    Atomics.store(this.header, writtenAt, (this.written + length) | 0);
  }

  /**
   * Reader: hands over what was written up to a position, in pieces without a seam; each is valid during its call only.
   * @param upTo a value that `written` had
   */
  drain(upTo: number, take: (rows: Float64Array) => void): void {
    const capacity = this.values.length;
    for (;;) {
      const read = Atomics.load(this.header, readAt) >>> 0;
      const left = (upTo - read) >>> 0;
      if (left === 0 || left > capacity) return;
      const at = read % capacity;
      const toEnd = Math.min(left, capacity - at);
      const piece = this.values.subarray(at, at + toEnd);
      take(piece);
      Atomics.store(this.header, readAt, (read + toEnd) | 0);
    }
  }
}

const headerBytes = 8;
const writtenAt = 0;
const readAt = 1;
/** In place of a table's number: what follows up to the end of the memory is no row. */
export const restartMark = -1;
