import type { Row } from "../../stats/catalogue.js";
import { isBatchNormalization, type LayerLike } from "../hooks/tensorflow.js";
import type { ProbePass } from "./probePass.js";
import type { Replay } from "./replay.js";

const noisy = new Set(["Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout", "GaussianNoise"]);

/** Layers that the script trains are called with dropout off, and BatchNorm normalises by the batch or by what it keeps. */
function quietPass(usesBatch: boolean): ProbePass {
  return {
    kwargs: (layer, kwargs) => {
      const given = typeof kwargs === "object" && kwargs !== null ? (kwargs as { readonly training?: unknown }) : {};
      if (!given.training) return kwargs;
      if (isBatchNormalization(layer)) return { ...given, training: usesBatch };
      return isNoisy(layer) ? { ...given, training: false } : kwargs;
    },
    normalized: null,
  };
}

/** Recurrent layers have dropout of their own. */
function isNoisy(layer: LayerLike): boolean {
  const { dropout, recurrentDropout } = layer as { dropout?: unknown; recurrentDropout?: unknown };
  return noisy.has(layer.getClassName()) || Number(dropout) > 0 || Number(recurrentDropout) > 0;
}

/**
 * Loss of the same batch with its own statistics and with the running ones, and their ratio: what validation would see.
 * The running statistics must be those from before the step, which know nothing of this batch: with a small momentum they
 * would be the batch.
 */
export function trainInferenceGap(replay: Replay, during: (pass: ProbePass, action: () => number) => number): Row {
  // First, because a pass that uses the batch moves the running statistics.
  const lossByRunning = during(quietPass(false), () => replay.loss());
  const lossByBatch = during(quietPass(true), () => replay.loss());
  return { lossByBatch, lossByRunning, lossGapRatio: lossByRunning / lossByBatch };
}
