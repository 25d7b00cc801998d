import type { LayerInfo } from "../../run/format.js";

/** Tells whether what is shown of a layer is unchanged; run.json is read afresh about once a second. */
export function isSameLayer(a: LayerInfo, b: LayerInfo | undefined): boolean {
  return (
    b !== undefined &&
    a.index === b.index &&
    a.path === b.path &&
    a.className === b.className &&
    a.isOutput === b.isOutput &&
    a.source?.line === b.source?.line &&
    a.source?.file === b.source?.file &&
    a.inbound.length === b.inbound.length &&
    a.weights.length === b.weights.length &&
    isSameShape(a.outputShape, b.outputShape)
  );
}

function isSameShape(a: LayerInfo["outputShape"], b: LayerInfo["outputShape"]): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
