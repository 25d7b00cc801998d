import { backend_util, type MaxPoolGradAttrs, type TensorInfo } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

replaceKernel("MaxPoolGrad", (stock) => (call) => {
  const { dy, input } = call.inputs as { dy: TensorInfo; input: TensorInfo };
  if (dy.dtype !== "float32" || input.dtype !== "float32") return stock(call);
  const { filterSize, strides, pad, dimRoundingMode } = call.attrs as unknown as MaxPoolGradAttrs;
  const info = backend_util.computePool2DInfo(
    input.shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const backend = call.backend as EmbeddedBackend;
  const dx = backend.zeros(input.shape);
  backend.training.maxPoolGradient(
    backend.offset(input),
    backend.offset(dy),
    backend.offset(dx),
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  );
  return dx;
});
