import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

/** tfjs's kernel turns NaN into the lower bound, which would hide the first sign of trouble. */
replaceKernel("ClipByValue", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  const { clipValueMin, clipValueMax } = call.attrs as unknown as { clipValueMin: number; clipValueMax: number };
  if (x.dtype !== "float32") return stock(call);
  const backend = call.backend as EmbeddedBackend;
  const output = backend.makeOutput(x.shape, "float32");
  const size = util.sizeFromShape(x.shape);
  backend.training.clamp(backend.offset(x), backend.offset(output), size, clipValueMin, clipValueMax);
  return output;
});
