import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

/** tfjs's kernel counts row by row what is to be counted as a whole. */
replaceKernel("Bincount", (stock) => (call) => {
  const { x, weights } = call.inputs as { x: TensorInfo; weights: TensorInfo };
  if (x.shape.length <= 1) return stock(call);
  const backend = call.backend as EmbeddedBackend;
  const flat = backend.share(x, [util.sizeFromShape(x.shape)]);
  const result = stock({ ...call, inputs: { x: flat, weights } });
  backend.disposeData(flat.dataId);
  return result;
});
