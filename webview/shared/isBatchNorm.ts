import type { LayerInfo } from "../../src/run/format.js";

export function isBatchNorm(layer: LayerInfo): boolean {
  return layer.className === "BatchNormalization";
}
