import { alignDown, BucketBuilder, type BucketColumns, higher, lower, type SeriesBuckets } from "./bucketBuilder.js";

const mostNonfinite = 64;
const smallestLength = 16;
/** A run has thousands of series, which all grow in the same step. */
const growth = 4;
/** Of one bucket, in memory as in the file. */
const bucketBytes = 32;

/**
 * Mean, minimum and maximum of one series in at most `capacity` buckets whose width doubles as the run grows, so
 * that memory and the cost of a view do not depend on the run's length. Buckets begin at multiples of their width:
 * the same rows give the same buckets however they arrived. Amortised O(1) for a value.
 */
export class SeriesTier {
  width = 1;
  private length = 0;
  private columns = new TierColumns(smallestLength);
  private readonly nonfiniteSteps: number[] = [];
  /** The newest value, outside the buckets as long as its step may be written again. */
  private newestStep = Number.NEGATIVE_INFINITY;
  private newestValue = Number.NaN;

  constructor(private capacity: number) {}

  /** Number of buckets in memory. */
  get size(): number {
    return this.length;
  }

  get lastStep(): number {
    return this.newestStep;
  }

  get lastValue(): number {
    return this.newestValue;
  }

  /** The newest step replaces its value when it comes again; an older one is added to its bucket. */
  append(step: number, value: number): void {
    if (step > this.newestStep) {
      this.commit();
      this.newestStep = step;
      this.newestValue = value;
    } else if (step === this.newestStep) {
      this.newestValue = value;
    } else {
      this.merge(step, value);
    }
  }

  /** Makes do with fewer buckets from now on. */
  shrink(capacity: number): void {
    this.capacity = capacity;
    while (this.length > capacity) this.widen();
    this.resize(Math.max(smallestLength, this.length));
  }

  /** Buckets of `width` steps (or of this tier's own, where that is wider) that touch the steps `from` … `to`. */
  query(from: number, to: number, width: number): SeriesBuckets {
    const wide = Math.max(width, this.width);
    const first = this.indexOf(alignDown(from, wide));
    const last = Math.min(to, Math.max(this.newestStep, this.columns.steps[this.length - 1] ?? 0));
    const most = Math.max(0, Math.floor((last - alignDown(from, wide)) / wide) + 1);
    const builder = new BucketBuilder(wide, Math.min(most, this.length - first + 1));
    builder.addBuckets(this.columns, first, this.indexOf(to + 1));
    const { newestStep: step, newestValue: value } = this;
    if (step >= alignDown(from, wide) && step <= to) builder.addValue(step, value);
    const nonfinite = this.nonfiniteSteps.filter((at) => at >= from && at <= to);
    if (!Number.isFinite(value) && step >= from && step <= to && nonfinite.length < mostNonfinite) nonfinite.push(step);
    return builder.finish(nonfinite);
  }

  /** Everything, for the file of tiers; see `restore`. */
  save(): {
    readonly numbers: readonly number[];
    readonly nonfinite: readonly number[];
    readonly columns: readonly Uint8Array[];
  } {
    const bytes = (array: Int32Array | Float64Array | Uint32Array) => {
      const used = array.subarray(0, this.length);
      return new Uint8Array(used.buffer, used.byteOffset, used.byteLength);
    };
    return {
      numbers: [this.width, this.length, this.newestStep, this.newestValue],
      nonfinite: this.nonfiniteSteps,
      columns: this.columns.all.map(bytes),
    };
  }

  /** `bytes` are the columns of `save` one after another, at an address that is a multiple of 8. They are copied. */
  static restore(
    capacity: number,
    numbers: readonly number[],
    nonfinite: readonly number[],
    bytes: Uint8Array,
  ): SeriesTier {
    const [width = 1, length = 0, newestStep = Number.NEGATIVE_INFINITY, newestValue = Number.NaN] = numbers;
    const tier = new SeriesTier(capacity);
    tier.width = width;
    tier.length = length;
    tier.resize(Math.max(smallestLength, length));
    const { buffer, byteOffset } = bytes;
    tier.columns.set(new TierColumns(length, buffer, byteOffset), length);
    tier.nonfiniteSteps.push(...nonfinite);
    tier.newestStep = newestStep;
    tier.newestValue = newestValue;
    while (tier.length > capacity) tier.widen();
    return tier;
  }

  static readonly bucketBytes = bucketBytes;

  private commit(): void {
    if (this.newestStep !== Number.NEGATIVE_INFINITY) this.merge(this.newestStep, this.newestValue);
  }

  private merge(step: number, value: number): void {
    if (!Number.isFinite(value) && this.nonfiniteSteps.length < mostNonfinite) this.nonfiniteSteps.push(step);
    for (;;) {
      const start = alignDown(step, this.width);
      const last = this.length - 1;
      const at = last < 0 || start > (this.columns.steps[last] as number) ? this.length : this.indexOf(start);
      if (at < this.length && this.columns.steps[at] === start) {
        this.mergeInto(at, value);
        return;
      }
      if (this.length < this.capacity) {
        this.insert(at, start, value);
        return;
      }
      this.widen();
    }
  }

  /** At the end, but for a value that comes late. */
  private insert(at: number, start: number, value: number): void {
    if (this.length === this.columns.length)
      this.resize(Math.min(growth * this.length, Math.max(this.capacity, smallestLength)));
    if (at < this.length) {
      for (const column of this.columns.all) {
        column.copyWithin(at + 1, at, this.length);
      }
    }
    const { steps, means, mins, maxs, counts } = this.columns;
    this.length++;
    const finite = Number.isFinite(value) ? value : Number.NaN;
    steps[at] = start;
    means[at] = finite;
    mins[at] = finite;
    maxs[at] = finite;
    counts[at] = 1;
  }

  private mergeInto(at: number, value: number): void {
    const { counts, means, mins, maxs } = this.columns;
    const count = (counts[at] as number) + 1;
    counts[at] = count;
    if (!Number.isFinite(value)) {
      means[at] = Number.NaN;
      return;
    }
    means[at] = (means[at] as number) + (value - (means[at] as number)) / count;
    // Written so that a NaN, which stands for "no finite value yet", gives way.
    if (!((mins[at] as number) <= value)) mins[at] = value;
    if (!((maxs[at] as number) >= value)) maxs[at] = value;
  }

  /** Doubles the width until neighbours merge. */
  private widen(): void {
    const { steps, means, mins, maxs, counts } = this.columns;
    this.width *= 2;
    let kept = -1;
    for (let at = 0; at < this.length; at++) {
      const start = alignDown(steps[at] as number, this.width);
      if (kept >= 0 && steps[kept] === start) {
        const before = counts[kept] as number;
        const count = before + (counts[at] as number);
        const mean = means[kept] as number;
        means[kept] = mean + ((means[at] as number) - mean) * ((counts[at] as number) / count);
        mins[kept] = lower(mins[kept] as number, mins[at] as number);
        maxs[kept] = higher(maxs[kept] as number, maxs[at] as number);
        counts[kept] = count;
      } else {
        kept++;
        steps[kept] = start;
        means[kept] = means[at] as number;
        mins[kept] = mins[at] as number;
        maxs[kept] = maxs[at] as number;
        counts[kept] = counts[at] as number;
      }
    }
    this.length = kept + 1;
  }

  /** Index of the first bucket that begins at or after `start`. */
  private indexOf(start: number): number {
    const { steps } = this.columns;
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((steps[middle] as number) < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private resize(length: number): void {
    const columns = new TierColumns(length);
    columns.set(this.columns, this.length);
    this.columns = columns;
  }
}

/** Columns in one piece of memory: there are thousands of tiers, and pieces are what allocation and collection cost. */
class TierColumns implements BucketColumns {
  readonly means: Float64Array;
  readonly mins: Float64Array;
  readonly maxs: Float64Array;
  readonly steps: Int32Array;
  readonly counts: Uint32Array;

  constructor(
    readonly length: number,
    memory: ArrayBufferLike = new ArrayBuffer(bucketBytes * length),
    start = 0,
  ) {
    this.means = new Float64Array(memory, start, length);
    this.mins = new Float64Array(memory, start + 8 * length, length);
    this.maxs = new Float64Array(memory, start + 16 * length, length);
    this.steps = new Int32Array(memory, start + 24 * length, length);
    this.counts = new Uint32Array(memory, start + 28 * length, length);
  }

  get all(): readonly (Float64Array | Int32Array | Uint32Array)[] {
    return [this.means, this.mins, this.maxs, this.steps, this.counts];
  }

  /** The first `length` buckets of others. */
  set(from: TierColumns, length: number): void {
    for (const [at, column] of this.all.entries()) column.set((from.all[at] as Float64Array).subarray(0, length));
  }
}
