/** What a step captures beyond the loss and a watch for NaN and Inf. */
export type Level = 0 | 1 | 2;

export const level = {
  /** BatchNorm's own statistics. */
  basic: 0,
  /** And everything of activations that is one pass over them. */
  scalars: 1,
  /** And percentiles, histograms, gradients, weights and updates. */
  every: 2,
} as const satisfies Record<string, Level>;
