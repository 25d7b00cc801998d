/**
 * Stands in for `@tensorflow/tfjs-core` inside the embedded engine's bundle: the pure helpers that backends need,
 * without the side effects of loading a second core (flags, platform, gradients). All copies of tfjs-core share one
 * engine and one set of registries through `globalThis`, so these helpers work for whichever copy the script uses.
 */
export { DataStorage, KernelBackend } from "@tensorflow/tfjs-core/dist/backends/backend";
export * as backend_util from "@tensorflow/tfjs-core/dist/backends/backend_util";
export * as kernel_impls from "@tensorflow/tfjs-core/dist/backends/kernel_impls";
export { env } from "@tensorflow/tfjs-core/dist/environment";
export { deprecationWarn, engine, registerBackend, tidy } from "@tensorflow/tfjs-core/dist/globals";
export * from "@tensorflow/tfjs-core/dist/kernel_names";
export { broadcastTo } from "@tensorflow/tfjs-core/dist/ops/broadcast_to";
export * as broadcast_util from "@tensorflow/tfjs-core/dist/ops/broadcast_util";
export { buffer } from "@tensorflow/tfjs-core/dist/ops/buffer";
export * as gather_util from "@tensorflow/tfjs-core/dist/ops/gather_nd_util";
export { reshape } from "@tensorflow/tfjs-core/dist/ops/reshape";
export * as scatter_util from "@tensorflow/tfjs-core/dist/ops/scatter_nd_util";
export * as slice_util from "@tensorflow/tfjs-core/dist/ops/slice_util";
export { tensor } from "@tensorflow/tfjs-core/dist/ops/tensor";
export { TensorBuffer } from "@tensorflow/tfjs-core/dist/tensor";
export { upcastType } from "@tensorflow/tfjs-core/dist/types";
export * as util from "@tensorflow/tfjs-core/dist/util";
export { registerKernel } from "./kernelTable.js";
