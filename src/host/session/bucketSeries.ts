import type { SeriesData, SeriesKey } from "../../protocol/views.js";
import type { SeriesPoint } from "../../run/seriesReader.js";

const mostNonfinite = 64;

/**
 * Points by buckets of `bucket` steps (aligned at multiples of it): mean, min and max over the finite values; NaN as
 * the mean of a bucket that holds a value that is not finite. Buckets without a value are absent. A list counts as the
 * mean over its channels.
 */
export function bucketSeries(key: SeriesKey, points: readonly SeriesPoint[], bucket: number): SeriesData {
  const step: number[] = [];
  const mean: number[] = [];
  const min: number[] = [];
  const max: number[] = [];
  const nonfinite: number[] = [];
  let at = 0;
  while (at < points.length) {
    const start = Math.floor((points[at] as SeriesPoint).step / bucket) * bucket;
    const first = (points[at] as SeriesPoint).step;
    let sum = 0;
    let count = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    let isWhole = true;
    for (; at < points.length && (points[at] as SeriesPoint).step < start + bucket; at++) {
      const point = points[at] as SeriesPoint;
      const value = typeof point.value === "number" ? point.value : meanOf(point.value);
      if (!Number.isFinite(value)) {
        isWhole = false;
        if (nonfinite.length < mostNonfinite) nonfinite.push(point.step);
        continue;
      }
      sum += value;
      count++;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    step.push(bucket === 1 ? first : start);
    mean.push(isWhole ? sum / count : Number.NaN);
    min.push(count > 0 ? low : Number.NaN);
    max.push(count > 0 ? high : Number.NaN);
  }
  return {
    key,
    step: Float64Array.from(step),
    mean: Float64Array.from(mean),
    min: Float64Array.from(min),
    max: Float64Array.from(max),
    nonfinite,
  };
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}
