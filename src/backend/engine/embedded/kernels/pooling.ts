import { backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

interface PoolingAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

type PoolingGeometry = ReturnType<typeof backend_util.computePool2DInfo>;

replaceKernel("MaxPool", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  if (x.dtype !== "float32") return stock(call);
  const info = geometry(x.shape, call.attrs as unknown as PoolingAttributes);
  const backend = call.backend as EmbeddedBackend;
  if (isIdentity(info)) return backend.share(x, x.shape);
  const output = backend.makeOutput(info.outShape, "float32");
  backend.training.maxPool(backend.offset(x), backend.offset(output), ...sizes(info));
  return output;
});

replaceKernel("AvgPool", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  if (x.dtype !== "float32") return stock(call);
  const info = geometry(x.shape, call.attrs as unknown as PoolingAttributes);
  const backend = call.backend as EmbeddedBackend;
  if (isIdentity(info)) return backend.share(x, x.shape);
  const output = backend.makeOutput(info.outShape, "float32");
  backend.training.averagePool(backend.offset(x), backend.offset(output), ...sizes(info));
  return output;
});

replaceKernel("MaxPoolGrad", (stock) => (call) => {
  const { dy, input } = call.inputs as { dy: TensorInfo; input: TensorInfo };
  if (dy.dtype !== "float32" || input.dtype !== "float32") return stock(call);
  const info = geometry(input.shape, call.attrs as unknown as PoolingAttributes);
  const backend = call.backend as EmbeddedBackend;
  const dx = backend.zeros(input.shape);
  const [from, error, to] = [backend.offset(input), backend.offset(dy), backend.offset(dx)];
  backend.training.maxPoolGradient(from, error, to, ...sizes(info));
  return dx;
});

replaceKernel("AvgPoolGrad", (stock) => (call) => {
  const { dy, input } = call.inputs as { dy: TensorInfo; input: TensorInfo };
  if (dy.dtype !== "float32") return stock(call);
  const info = geometry(input.shape, call.attrs as unknown as PoolingAttributes);
  const backend = call.backend as EmbeddedBackend;
  const dx = backend.zeros(input.shape);
  // As TensorFlow does, the window's mean is over the values it really has; tfjs divides by its full size where the
  // padding was given as a number, which TensorFlow does not have.
  const divisor = info.padInfo.type === "EXPLICIT" ? info.filterHeight * info.filterWidth : 0;
  backend.training.averagePoolGradient(backend.offset(dy), backend.offset(dx), ...sizes(info), divisor);
  return dx;
});

function geometry(shape: readonly number[], attributes: PoolingAttributes): PoolingGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const input = shape as [number, number, number, number];
  return backend_util.computePool2DInfo(input, filterSize, strides, 1, pad, dimRoundingMode);
}

/** Whatever its padding says: tfjs takes a window of one for no window. */
function isIdentity({ filterHeight, filterWidth, inShape, outShape }: PoolingGeometry): boolean {
  return filterHeight === 1 && filterWidth === 1 && util.arraysEqual(inShape, outShape);
}

function sizes(info: PoolingGeometry) {
  return [
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
  ] as const;
}
