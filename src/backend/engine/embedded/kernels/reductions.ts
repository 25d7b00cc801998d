import { backend_util, type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

replaceKernel("Sum", (stock) => reduction(stock, () => 1));
replaceKernel("Mean", (stock) => reduction(stock, (length) => length));

/** Sums over any axes without transposing: each run of neighbouring axes is the middle of [outer, length, inner]. */
function reduction(stock: KernelFunc, divisorOf: (length: number) => number): KernelFunc {
  return (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    if (x.dtype !== "float32") return stock(call);
    const { axis, keepDims } = call.attrs as unknown as { axis: number | number[]; keepDims: boolean };
    const axes = util.parseAxisParam(axis, x.shape);
    const backend = call.backend as EmbeddedBackend;
    const [outShape, reduceShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
    const divisor = divisorOf(util.sizeFromShape(reduceShape));
    const runs = reducedRuns(x.shape, axes);
    let from = x;
    for (const [index, [outer, length, inner]] of runs.entries()) {
      const isLast = index === runs.length - 1;
      const to = backend.makeOutput(isLast ? shape : [outer * inner], "float32");
      const scratch = backend.scratch(inner * 8);
      const { training } = backend;
      training.sumMiddle(backend.offset(from), backend.offset(to), outer, length, inner, scratch, isLast ? divisor : 1);
      if (from !== x) backend.disposeData(from.dataId);
      from = to;
    }
    if (from !== x) return from;
    return backend.share(x, shape);
  };
}

/** [outer, length, inner] for each run of neighbouring reduced axes, from the last to the first. */
function reducedRuns(shape: readonly number[], axes: readonly number[]): [number, number, number][] {
  const runs: [number, number, number][] = [];
  let inner = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (!axes.includes(axis)) {
      inner *= size;
      continue;
    }
    let length = size;
    while (axis > 0 && axes.includes(axis - 1)) length *= shape[--axis] as number;
    const outer = shape.slice(0, axis).reduce((product, value) => product * value, 1);
    if (length !== 1) runs.push([outer, length, inner]);
  }
  return runs;
}
