import type { KernelValues } from "./measured.js";

export interface DistributionOptions {
  /**
   * Look at no more values than this (at most 65 536): one at a random place in each of that many equal stretches, at the
   * same places for the same number of values. Default: all values, exact.
   * A percentile p from n of N values lies between the exact percentiles p − 100ε and p + 100ε with a probability of at
   * least 1 − 2·exp(−2nε²) (Hoeffding): n = 65 536 gives ε = 0.01 but for 1 in 250 000.
   */
  readonly sample?: number;
}

/** Of the finite values. NaN, and counts of 0, where there is none. */
export interface Distribution {
  /** Values looked at, finite or not. */
  readonly count: number;
  readonly finiteCount: number;
  /** Percentiles, interpolated linearly between the two nearest values (Hyndman & Fan type 7), in the values' unit. */
  readonly p15: number;
  readonly p50: number;
  readonly p85: number;
  /** Percentiles 0.1 and 99.9: lower edge of the first and upper edge of the last of 64 bins of equal width. */
  readonly histogramMin: number;
  readonly histogramMax: number;
  /** 66 counts: values below histogramMin, the 64 bins, values above histogramMax. A constant lies in the first bin. */
  readonly histogram: Float64Array;
}

export const binCount = 64;
const percentages = [0.1, 15, 50, 85, 99.9] as const;
/** Values of `percentages`. */
export type Percentiles = readonly [low: number, p15: number, p50: number, p85: number, high: number];

/** Ranks (from 0, ascending) of the sorted values that the percentiles of `count` values need. */
export function ranksOf(count: number): number[] {
  if (count === 0) return [];
  const ranks = percentages.flatMap((percentage) => {
    const below = Math.floor(positionOf(percentage, count));
    return [below, Math.min(below + 1, count - 1)];
  });
  return [...new Set(ranks)].sort((a, b) => a - b);
}

/** `order(rank)` gives the sorted values of `ranksOf(count)`. */
export function interpolate(count: number, order: (rank: number) => number): Percentiles {
  const values = percentages.map((percentage) => {
    if (count === 0) return Number.NaN;
    const position = positionOf(percentage, count);
    const below = Math.floor(position);
    const low = order(below);
    return position === below ? low : low + (position - below) * (order(below + 1) - low);
  });
  return values as unknown as Percentiles;
}

function positionOf(percentage: number, count: number): number {
  return ((count - 1) * percentage) / 100;
}

/** Value v lies in bin min(63, trunc((v − low)·scale)) when low ≤ v ≤ high. */
export function binning([low, , , , high]: Percentiles): { low: number; high: number; scale: number } {
  return { low, high, scale: high > low ? binCount / (high - low) : 0 };
}

export function describe(
  count: number,
  finiteCount: number,
  [histogramMin, p15, p50, p85, histogramMax]: Percentiles,
  histogram: Float64Array,
): Distribution {
  return { count, finiteCount, p15, p50, p85, histogramMin, histogramMax, histogram };
}

/** `DistributionKernel.measure` in plain JavaScript: the same numbers, slowly. */
export function distributePlain(values: KernelValues, histogram: Float64Array): Distribution {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  const percentiles = interpolate(sorted.length, (rank) => (sorted[rank] as number) + 0);
  const { low, high, scale } = binning(percentiles);
  histogram.fill(0);
  for (const value of sorted) {
    const bin =
      value < low ? 0 : value > high ? binCount + 1 : Math.min(binCount - 1, Math.trunc((value - low) * scale)) + 1;
    histogram[bin] = (histogram[bin] as number) + 1;
  }
  return describe(values.length, sorted.length, percentiles, histogram);
}

/** How many of `length` values a sample of `size` looks at. */
export function sampleLength(length: number, size: number): number {
  const wanted = Math.floor(size);
  if (!(wanted >= 1)) throw new RangeError(`distribution: got a sample of ${size} values, wanted at least 1.`);
  return Math.min(length, wanted);
}

/**
 * One value at a random place in each of `size` equal stretches, the same places for the same lengths.
 * @param sample where they are put
 */
export function stratifiedSample<Values extends KernelValues>(
  values: KernelValues,
  size: number,
  sample: Values,
): Values {
  const stretch = values.length / size;
  let state = 0x9e3779b9;
  for (let index = 0; index < size; index++) {
    // A linear congruential generator (Numerical Recipes) is random enough for places; its upper 31 bits are used.
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    sample[index] = values[Math.floor((index + (state >>> 1) / 2147483648) * stretch)] as number;
  }
  return sample;
}
