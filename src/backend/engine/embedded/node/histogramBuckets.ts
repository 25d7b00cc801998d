/** [left edge, right edge, count] for each of `count` equal parts of the values' range, as TensorBoard's plugin wants. */
export function histogramBuckets(values: ArrayLike<number>, count: number): number[] {
  if (!Number.isInteger(count) || count <= 0) {
    throw new Error(`Expected bucket count to be a strictly positive integer, but it was ${count}`);
  }
  if (values.length === 0) return [];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < values.length; index++) {
    lowest = Math.min(lowest, values[index] as number);
    highest = Math.max(highest, values[index] as number);
  }
  if (lowest === highest) return [lowest - 0.5, lowest + 0.5, values.length];
  const width = (highest - lowest) / count;
  const counts = new Array<number>(count).fill(0);
  for (let index = 0; index < values.length; index++) {
    const bucket = Math.min(count - 1, Math.floor(((values[index] as number) - lowest) / width));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts.flatMap((value, bucket) => {
    const right = bucket === count - 1 ? highest : lowest + width * (bucket + 1);
    return [lowest + width * bucket, right, value];
  });
}
