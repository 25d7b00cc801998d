/** Weights of the past that the charts can be smoothed with; the first: not at all. */
export const smoothingWeights = [0, 0.6, 0.9, 0.98] as const;

/** The next stronger one; after the strongest none. */
export function moreSmoothing(weight: number): number {
  return smoothingWeights.find((stronger) => stronger > weight) ?? 0;
}
