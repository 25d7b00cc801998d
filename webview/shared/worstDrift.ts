import type { LayerSummary } from "../../src/protocol/views.js";

/** How far the layer has moved, in standard deviations; null where it is not known. */
export function driftSigma(summary: LayerSummary): number | null {
  return summary.last.meanShift ?? summary.last.referenceDrift ?? null;
}

/** The layer that drifts most, BatchNorm first, since its shift is what inference will see. */
export function worstDrift(summaries: Iterable<LayerSummary>): LayerSummary | null {
  let worst: LayerSummary | null = null;
  for (const summary of summaries) {
    const sigma = driftSigma(summary);
    if (sigma === null || Number.isNaN(sigma)) continue;
    const judged = summary.last.meanShift !== undefined;
    const worstJudged = worst?.last.meanShift !== undefined;
    if (worst === null || (judged && !worstJudged)) worst = summary;
    else if (judged === worstJudged && sigma > (driftSigma(worst) ?? 0)) worst = summary;
  }
  return worst;
}
