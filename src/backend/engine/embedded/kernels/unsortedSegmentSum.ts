import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { addKernel } from "../kernelTable.js";

/** The gradient of gather, and with it of embeddings. */
addKernel("UnsortedSegmentSum", (call) => {
  const { x, segmentIds } = call.inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = call.attrs as unknown as { numSegments: number };
  const isNumber = x.dtype === "float32" || x.dtype === "int32";
  if (!isNumber || segmentIds.dtype !== "int32" || segmentIds.shape.length !== 1) {
    return runOnCpu("UnsortedSegmentSum", call);
  }
  const backend = call.backend as EmbeddedBackend;
  const [rows = 0] = x.shape;
  util.assert(
    segmentIds.shape[0] === rows,
    () => `unsortedSegmentSum: got ${segmentIds.shape[0]} segment ids for ${rows} rows; wanted one for each.`,
  );
  const shape = [numSegments, ...x.shape.slice(1)];
  const output = backend.zeros(shape, x.dtype as "float32" | "int32");
  backend.training.segmentSum(
    backend.offset(x),
    backend.offset(segmentIds),
    backend.offset(output),
    rows,
    util.sizeFromShape(x.shape.slice(1)),
    numSegments,
    x.dtype === "int32" ? 1 : 0,
  );
  return output;
});
