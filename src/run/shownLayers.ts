import type { LayerInfo, RunFile } from "./format.js";

/**
 * The layers of models that were trained. A model that only predicts inside a training step (a target network, a frozen
 * critic) is known to the run, since it was called, but has nothing to show. Before the first step all are shown.
 */
export function shownLayers({ layers, layerSteps }: Pick<RunFile, "layers" | "layerSteps">): readonly LayerInfo[] {
  const trained = new Set(layers.filter(({ index }) => (layerSteps[index] ?? 0) > 0).map(({ model }) => model));
  return trained.size === 0 ? layers : layers.filter(({ model }) => trained.has(model));
}
