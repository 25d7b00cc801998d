import { broadcast_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

/** Rows that the kernel keeps in registers. Every piece packs the right matrix for itself, so pieces are few. */
const rowsAtOnce = 4;

replaceKernel("BatchMatMul", () => (call) => {
  const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
  if (a.dtype !== "float32" || b.dtype !== "float32") return runOnCpu("BatchMatMul", call);
  util.assert(
    a.shape.length >= 2 && b.shape.length >= 2,
    () => `matMul: got the shapes [${a.shape}] and [${b.shape}], wanted matrices.`,
  );
  const { transposeA, transposeB } = call.attrs as unknown as { transposeA: boolean; transposeB: boolean };
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [depth, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  util.assert(
    k === depth,
    () => `matMul: inner sizes ${k} and ${depth} of the shapes ${a.shape} and ${b.shape} must match.`,
  );
  const aOuter = a.shape.slice(0, -2);
  const bOuter = b.shape.slice(0, -2);
  const outer = broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter);
  const backend = call.backend as EmbeddedBackend;
  const sizes = { m, n, k, transposeA, transposeB, outer };
  // This is how the gradient of a layer's input looks.
  if (transposeB && !transposeA) {
    return backend.promise([...outer, m, n], [a, b], () => multiply(backend, a, b, sizes));
  }
  return multiply(backend, a, b, sizes);
});

interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly outer: readonly number[];
}

function multiply(backend: EmbeddedBackend, a: TensorInfo, b: TensorInfo, sizes: ProductSizes): TensorInfo {
  const { m, n, k, transposeA, transposeB, outer } = sizes;
  const output = k === 0 ? backend.zeros([...outer, m, n]) : backend.makeOutput([...outer, m, n], "float32");
  if (k === 0) return output;
  const [aAt, bAt, to] = [backend.offset(a), backend.offset(b), backend.offset(output)];
  const { team, training } = backend;
  const scratch = backend.scratch(training.gemmScratch(n, k) * team.size);
  const [aOuter, bOuter] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batches = util.sizeFromShape([...outer]);
  for (let batch = 0; batch < batches; batch++) {
    team.run(
      "gemmRows",
      m,
      m * n * k,
      [
        aAt + broadcastIndex(batch, outer, aOuter) * m * k * 4,
        transposeA ? 1 : k,
        transposeA ? m : 1,
        bAt + broadcastIndex(batch, outer, bOuter) * n * k * 4,
        transposeB ? 1 : n,
        transposeB ? k : 1,
        to + batch * m * n * 4,
        n,
        k,
        scratch,
      ],
      rowsAtOnce,
      1,
    );
  }
  return output;
}

/** Flat index in `shape`, which broadcasts to `outer`, of the flat index in `outer`. */
function broadcastIndex(index: number, outer: readonly number[], shape: readonly number[]): number {
  let rest = index;
  let result = 0;
  let stride = 1;
  for (let axis = 1; axis <= outer.length; axis++) {
    const size = outer.at(-axis) as number;
    const own = shape.at(-axis) ?? 1;
    if (own !== 1) result += (rest % size) * stride;
    stride *= own;
    rest = Math.floor(rest / size);
  }
  return result;
}
