import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

const operations = { Multiply: 0, Add: 1, Sub: 2, RealDiv: 3 } as const;

for (const [name, operation] of Object.entries(operations)) {
  replaceKernel(name, (stock) => withRow(operation, stock));
}

/** An operand of the other's last axes only (BatchNorm's statistics, biases), which tfjs's kernels broadcast slowly. */
function withRow(operation: 0 | 1 | 2 | 3, stock: KernelFunc): KernelFunc {
  return (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype !== "float32" || b.dtype !== "float32") return stock(call);
    const swapped = util.sizeFromShape(a.shape) < util.sizeFromShape(b.shape);
    const [full, row] = swapped ? [b, a] : [a, b];
    const inner = rowLength(full.shape, row.shape);
    if (inner === null) return stock(call);
    const backend = call.backend as EmbeddedBackend;
    const output = backend.makeOutput(full.shape, "float32");
    const rows = util.sizeFromShape(full.shape) / inner;
    const { training } = backend;
    training.withRow(
      operation,
      swapped,
      backend.offset(full),
      backend.offset(row),
      backend.offset(output),
      rows,
      inner,
    );
    return output;
  };
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
