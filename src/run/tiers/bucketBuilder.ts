/** Buckets of one series, oldest first. A bucket stands for `width` steps from `step[i]`, which is a multiple of it. */
export interface SeriesBuckets {
  /** In steps, a power of two. */
  readonly width: number;
  /** First step of each bucket; with a width of 1 the captured step itself. */
  readonly step: Float64Array;
  /** Over the captured values of the bucket; NaN where one of them is NaN or infinite. */
  readonly mean: Float64Array;
  /** Over the finite values; NaN where there are none. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** The first steps with a value that is NaN or infinite. */
  readonly nonfinite: readonly number[];
}

/** Buckets with the number of values in each, in ascending order of their steps. */
export interface BucketColumns {
  readonly steps: Int32Array;
  readonly means: Float64Array;
  readonly mins: Float64Array;
  readonly maxs: Float64Array;
  readonly counts: Uint32Array;
}

/** Gathers values or narrower buckets, in order, into buckets of one width. */
export class BucketBuilder {
  private length = 0;
  private readonly step: Float64Array;
  private readonly mean: Float64Array;
  private readonly min: Float64Array;
  private readonly max: Float64Array;
  private count = 0;

  constructor(
    private readonly width: number,
    most: number,
  ) {
    this.step = new Float64Array(most);
    this.mean = new Float64Array(most);
    this.min = new Float64Array(most);
    this.max = new Float64Array(most);
  }

  addValue(step: number, value: number): void {
    const finite = Number.isFinite(value) ? value : Number.NaN;
    this.add(step, finite, finite, finite, 1);
  }

  add(step: number, mean: number, min: number, max: number, count: number): void {
    const start = alignDown(step, this.width);
    const last = this.length - 1;
    if (last >= 0 && this.step[last] === start) {
      this.count += count;
      const before = this.mean[last] as number;
      this.mean[last] = before + (mean - before) * (count / this.count);
      this.min[last] = lower(this.min[last] as number, min);
      this.max[last] = higher(this.max[last] as number, max);
      return;
    }
    this.step[this.length] = start;
    this.mean[this.length] = mean;
    this.min[this.length] = min;
    this.max[this.length] = max;
    this.count = count;
    this.length++;
  }

  /** The buckets `from` … `to` - 1, none of them wider than these here: what `add` does with each, in one loop. */
  addBuckets({ steps, means, mins, maxs, counts }: BucketColumns, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const first = steps[at] as number;
      const end = alignDown(first, this.width) + this.width;
      let mean = means[at] as number;
      let min = mins[at] as number;
      let max = maxs[at] as number;
      let count = counts[at] as number;
      for (at++; at < to && (steps[at] as number) < end; at++) {
        const more = counts[at] as number;
        count += more;
        mean += ((means[at] as number) - mean) * (more / count);
        min = lower(min, mins[at] as number);
        max = higher(max, maxs[at] as number);
      }
      this.add(first, mean, min, max, count);
    }
  }

  finish(nonfinite: readonly number[]): SeriesBuckets {
    const used = (column: Float64Array) => column.slice(0, this.length);
    const { width } = this;
    return { width, step: used(this.step), mean: used(this.mean), min: used(this.min), max: used(this.max), nonfinite };
  }
}

export function alignDown(step: number, width: number): number {
  return Math.floor(step / width) * width;
}

export function lower(a: number, b: number): number {
  return a <= b || Number.isNaN(b) ? a : b;
}

export function higher(a: number, b: number): number {
  return a >= b || Number.isNaN(b) ? a : b;
}
