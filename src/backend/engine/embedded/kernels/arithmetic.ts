import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

const operations = { Multiply: 0, Add: 1, Sub: 2, RealDiv: 3 } as const;

type Operation = (typeof operations)[keyof typeof operations] | 4 | 5;

for (const [name, operation] of Object.entries(operations)) {
  replaceKernel(name, (stock) => simple(operation, stock));
}

// tfjs's kernels give the other operand for NaN; where the shapes are others than ours serve, JavaScript's doesn't.
for (const [name, operation] of [["Maximum", 4] as const, ["Minimum", 5] as const]) {
  replaceKernel(name, (stock) => {
    const careful: KernelFunc = (call) => {
      const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
      return a.dtype === "float32" || b.dtype === "float32" ? runOnCpu(name, call) : stock(call);
    };
    return simple(operation, careful);
  });
}

/**
 * Operands of one shape, a single value, or an operand of the other's last axes only (BatchNorm's statistics, biases):
 * tfjs's kernels broadcast slowly, and for small tensors the way to them, through copies of both shapes, is most of it.
 */
function simple(operation: Operation, stock: KernelFunc): KernelFunc {
  return (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype !== "float32" || b.dtype !== "float32") return stock(call);
    const [sizeA, sizeB] = [util.sizeFromShape(a.shape), util.sizeFromShape(b.shape)];
    const swapped = sizeA < sizeB || (sizeA === sizeB && a.shape.length < b.shape.length);
    const [full, row] = swapped ? [b, a] : [a, b];
    const size = swapped ? sizeB : sizeA;
    const isScalar = (swapped ? sizeA : sizeB) === 1 && row.shape.length <= full.shape.length;
    const inner = isScalar ? 1 : isSame(full.shape, row.shape) ? size : rowLength(full.shape, row.shape);
    if (inner === null || size === 0) return stock(call);
    const backend = call.backend as EmbeddedBackend;
    const output = backend.makeOutput(full.shape, "float32");
    const { training } = backend;
    // A place is asked for after everything that may move the memory.
    const [from, other, to] = [backend.offset(full), backend.offset(row), backend.offset(output)];
    if (isScalar) training.withScalar(operation, swapped, from, other, to, size);
    else training.withRow(operation, swapped, from, other, to, size / inner, inner);
    return output;
  };
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Number of values in `row` where it is `full`'s last axes, at least four; null where it is anything else. */
export function rowLength(full: readonly number[], row: readonly number[]): number | null {
  let first = 0;
  while (first < row.length && row[first] === 1) first++;
  const own = row.slice(first);
  const inner = own.reduce((product, size) => product * size, 1);
  if (inner < 4 || row.length > full.length) return null;
  return own.every((size, axis) => full[full.length - own.length + axis] === size) && own.length < full.length
    ? inner
    : null;
}
