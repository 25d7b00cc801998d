import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

/** One copying pass for each repeated axis, from the last to the first. */
replaceKernel("Tile", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  const { reps } = call.attrs as unknown as { reps: number[] };
  if (x.dtype !== "float32" && x.dtype !== "int32") return stock(call);
  const backend = call.backend as EmbeddedBackend;
  if (reps.includes(0))
    return backend.makeOutput(
      reps.map((times, axis) => times * (x.shape[axis] as number)),
      x.dtype,
    );
  const shape = [...x.shape];
  let from = x;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const times = reps[axis] as number;
    if (times === 1) continue;
    const outer = product(shape.slice(0, axis));
    const size = product(shape.slice(axis)) * 4;
    shape[axis] = (shape[axis] as number) * times;
    const to = backend.makeOutput([...shape], x.dtype);
    backend.training.repeatBlocks(backend.offset(from), backend.offset(to), outer, size, times);
    if (from !== x) backend.disposeData(from.dataId);
    from = to;
  }
  if (from !== x) return from;
  return backend.share(x, shape);
});

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
