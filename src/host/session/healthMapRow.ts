import type { SeriesBuckets } from "../../run/tiers/bucketBuilder.js";

/**
 * One row of the health map: the buckets spread over `columns` equal parts of the `steps` steps from `from` on.
 * NaN = not captured, Infinity = the part holds a value that is not finite.
 */
export function healthMapRow(buckets: SeriesBuckets, from: number, steps: number, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (const [at, step] of buckets.step.entries()) {
    const mean = buckets.mean[at] as number;
    const first = Math.max(0, Math.floor(((step - from) / steps) * columns));
    const last = Math.max(first, Math.ceil(((step + buckets.width - from) / steps) * columns) - 1);
    for (let column = first; column <= Math.min(last, columns - 1); column++) {
      // A sum of infinities stays one; a mean of NaN says that the bucket holds a value that is not finite.
      sums[column] = (sums[column] as number) + (Number.isNaN(mean) ? Number.POSITIVE_INFINITY : mean);
      counts[column] = (counts[column] as number) + 1;
    }
  }
  return sums.map((sum, column) => (counts[column] === 0 ? Number.NaN : sum / (counts[column] as number)));
}
