import type { LayerInfo } from "../../src/run/format.js";

export function isBatchNorm(layer: Pick<LayerInfo, "className">): boolean {
  return layer.className === "BatchNormalization";
}
