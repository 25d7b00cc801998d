import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

// tfjs's kernels turn NaN into the lower bound, which would hide the first sign of trouble.
replaceKernel("ClipByValue", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  const { clipValueMin, clipValueMax } = call.attrs as unknown as { clipValueMin: number; clipValueMax: number };
  if (x.dtype !== "float32") return stock(call);
  return clamp(call.backend as EmbeddedBackend, x, clipValueMin, clipValueMax);
});

replaceKernel("Relu6", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  return x.dtype === "float32" ? clamp(call.backend as EmbeddedBackend, x, 0, 6) : stock(call);
});

// tfjs's kernel compares floats as integers, for which a NaN with its sign set (0/0 on x86) is negative: it became 0.
replaceKernel("Relu", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  if (x.dtype !== "float32") return stock(call);
  const backend = call.backend as EmbeddedBackend;
  const output = backend.makeOutput(x.shape, "float32");
  backend.training.rectify(backend.offset(x), backend.offset(output), util.sizeFromShape(x.shape));
  return output;
});

function clamp(backend: EmbeddedBackend, x: TensorInfo, low: number, high: number): TensorInfo {
  const output = backend.makeOutput(x.shape, "float32");
  backend.training.clamp(backend.offset(x), backend.offset(output), util.sizeFromShape(x.shape), low, high);
  return output;
}
