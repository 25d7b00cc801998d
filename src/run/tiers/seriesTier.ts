import { alignDown, BucketBuilder, higher, lower, type SeriesBuckets } from "./bucketBuilder.js";

const mostNonfinite = 64;
const smallestLength = 16;

/**
 * Mean, minimum and maximum of one series in at most `capacity` buckets whose width doubles as the run grows, so
 * that memory and the cost of a view do not depend on the run's length. Buckets begin at multiples of their width:
 * the same rows give the same buckets however they arrived. Amortised O(1) for a value.
 */
export class SeriesTier {
  width = 1;
  private length = 0;
  private steps = new Int32Array(smallestLength);
  private means = new Float64Array(smallestLength);
  private mins = new Float64Array(smallestLength);
  private maxs = new Float64Array(smallestLength);
  private counts = new Uint32Array(smallestLength);
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
    const builder = new BucketBuilder(wide, this.length - first + 1);
    for (let at = first; at < this.length && (this.steps[at] as number) <= to; at++) {
      const step = this.steps[at] as number;
      builder.add(
        step,
        this.means[at] as number,
        this.mins[at] as number,
        this.maxs[at] as number,
        this.counts[at] as number,
      );
    }
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
      columns: [this.means, this.mins, this.maxs, this.steps, this.counts].map(bytes),
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
    tier.means.set(new Float64Array(buffer, byteOffset, length));
    tier.mins.set(new Float64Array(buffer, byteOffset + 8 * length, length));
    tier.maxs.set(new Float64Array(buffer, byteOffset + 16 * length, length));
    tier.steps.set(new Int32Array(buffer, byteOffset + 24 * length, length));
    tier.counts.set(new Uint32Array(buffer, byteOffset + 28 * length, length));
    tier.nonfiniteSteps.push(...nonfinite);
    tier.newestStep = newestStep;
    tier.newestValue = newestValue;
    while (tier.length > capacity) tier.widen();
    return tier;
  }

  /** Bytes of one saved bucket. */
  static readonly bucketBytes = 32;

  private commit(): void {
    if (this.newestStep !== Number.NEGATIVE_INFINITY) this.merge(this.newestStep, this.newestValue);
  }

  private merge(step: number, value: number): void {
    if (!Number.isFinite(value) && this.nonfiniteSteps.length < mostNonfinite) this.nonfiniteSteps.push(step);
    for (;;) {
      const start = alignDown(step, this.width);
      const last = this.length - 1;
      const at = last < 0 || start > (this.steps[last] as number) ? this.length : this.indexOf(start);
      if (at < this.length && this.steps[at] === start) {
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
    if (this.length === this.steps.length)
      this.resize(Math.min(2 * this.length, Math.max(this.capacity, smallestLength)));
    if (at < this.length) {
      for (const column of [this.steps, this.means, this.mins, this.maxs, this.counts]) {
        column.copyWithin(at + 1, at, this.length);
      }
    }
    this.length++;
    const finite = Number.isFinite(value) ? value : Number.NaN;
    this.steps[at] = start;
    this.means[at] = finite;
    this.mins[at] = finite;
    this.maxs[at] = finite;
    this.counts[at] = 1;
  }

  private mergeInto(at: number, value: number): void {
    const count = (this.counts[at] as number) + 1;
    this.counts[at] = count;
    if (!Number.isFinite(value)) {
      this.means[at] = Number.NaN;
      return;
    }
    this.means[at] = (this.means[at] as number) + (value - (this.means[at] as number)) / count;
    // Written so that a NaN, which stands for "no finite value yet", gives way.
    if (!((this.mins[at] as number) <= value)) this.mins[at] = value;
    if (!((this.maxs[at] as number) >= value)) this.maxs[at] = value;
  }

  /** Doubles the width until neighbours merge. */
  private widen(): void {
    this.width *= 2;
    let kept = -1;
    for (let at = 0; at < this.length; at++) {
      const start = alignDown(this.steps[at] as number, this.width);
      if (kept >= 0 && this.steps[kept] === start) {
        const before = this.counts[kept] as number;
        const count = before + (this.counts[at] as number);
        const mean = this.means[kept] as number;
        this.means[kept] = mean + ((this.means[at] as number) - mean) * ((this.counts[at] as number) / count);
        this.mins[kept] = lower(this.mins[kept] as number, this.mins[at] as number);
        this.maxs[kept] = higher(this.maxs[kept] as number, this.maxs[at] as number);
        this.counts[kept] = count;
      } else {
        kept++;
        this.steps[kept] = start;
        this.means[kept] = this.means[at] as number;
        this.mins[kept] = this.mins[at] as number;
        this.maxs[kept] = this.maxs[at] as number;
        this.counts[kept] = this.counts[at] as number;
      }
    }
    this.length = kept + 1;
  }

  /** Index of the first bucket that begins at or after `start`. */
  private indexOf(start: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.steps[middle] as number) < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private resize(length: number): void {
    const steps = new Int32Array(length);
    const means = new Float64Array(length);
    const mins = new Float64Array(length);
    const maxs = new Float64Array(length);
    const counts = new Uint32Array(length);
    steps.set(this.steps.subarray(0, this.length));
    means.set(this.means.subarray(0, this.length));
    mins.set(this.mins.subarray(0, this.length));
    maxs.set(this.maxs.subarray(0, this.length));
    counts.set(this.counts.subarray(0, this.length));
    this.steps = steps;
    this.means = means;
    this.mins = mins;
    this.maxs = maxs;
    this.counts = counts;
  }
}
