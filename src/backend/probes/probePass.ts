import type { BatchStatistics } from "../hooks/batchNormTap.js";
import type { BatchNormalizationLike, LayerLike } from "../hooks/tensorflow.js";

/** A probe runs the model once more: nothing of it is recorded as training, and the probe has its way with each call. */
export interface ProbePass {
  /** What the layer is called with in place of `kwargs`. */
  kwargs(layer: LayerLike, kwargs: unknown): unknown;
  /** Gets the statistics of each training call of a BatchNorm layer. */
  readonly normalized: ((layer: BatchNormalizationLike, statistics: BatchStatistics) => void) | null;
}

/** As the script calls its layers. */
export const plainPass: ProbePass = { kwargs: (_, kwargs) => kwargs, normalized: null };
