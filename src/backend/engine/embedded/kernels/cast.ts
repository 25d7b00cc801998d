import type { TensorInfo } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

/** tfjs's kernel copies bytes of any value into booleans; here they are 0 or 1, as everywhere else. */
replaceKernel("Cast", () => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  const { dtype } = call.attrs as unknown as { dtype: TensorInfo["dtype"] };
  const backend = call.backend as EmbeddedBackend;
  if (dtype === x.dtype) {
    return backend.share(x, x.shape);
  }
  if (dtype === "complex64" || dtype === "string") return runOnCpu("Cast", call);
  const output = backend.makeOutput(x.shape, dtype);
  const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(output)];
  if (x.dtype === "bool" && dtype === "float32") {
    backend.training.floatsOfBytes(backend.offset(x), backend.offset(output), from.length);
  } else if (dtype === "bool") {
    for (let index = 0; index < from.length; index++) to[index] = from[index] === 0 ? 0 : 1;
  } else {
    to.set(from);
  }
  return output;
});
