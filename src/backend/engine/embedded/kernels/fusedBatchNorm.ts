import { type FusedBatchNormAttrs, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";
import { rowLength } from "./arithmetic.js";

/** y = (x − mean) · scale / √(variance + ε) + offset, in one pass where the statistics are those of the last axis. */
replaceKernel("FusedBatchNorm", (stock) => (call) => {
  const { x, mean, variance, scale, offset } = call.inputs as Record<string, TensorInfo | undefined>;
  const parts = [mean, variance, scale, offset].filter((part) => part !== undefined && part !== null) as TensorInfo[];
  const isServed =
    x !== undefined &&
    x.dtype === "float32" &&
    parts.every((part) => rowLength(x.shape, part.shape) === x.shape.at(-1));
  if (!isServed || mean === undefined || variance === undefined) return stock(call);
  const { varianceEpsilon } = call.attrs as unknown as FusedBatchNormAttrs;
  const backend = call.backend as EmbeddedBackend;
  const channels = x.shape.at(-1) as number;
  const output = backend.makeOutput(x.shape, "float32");
  const scratch = backend.scratch(channels * 8);
  const read = (info: TensorInfo) => backend.typedArrayFromHeap(info);
  const [variances, scales, offsets] = [read(variance), scale && read(scale), offset && read(offset)];
  const made = new Float32Array(backend.module.HEAPU8.buffer, scratch, channels * 2);
  for (let channel = 0; channel < channels; channel++) {
    made[channel] = (scales?.[channel] ?? 1) / Math.sqrt((variances[channel] as number) + varianceEpsilon);
    made[channels + channel] = offsets?.[channel] ?? 0;
  }
  backend.training.normalize(
    backend.offset(x),
    backend.offset(mean),
    scratch,
    scratch + channels * 4,
    backend.offset(output),
    util.sizeFromShape(x.shape) / channels,
    channels,
  );
  return output;
});
