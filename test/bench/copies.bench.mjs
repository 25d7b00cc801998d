// What it takes to find the moments of tfjs-node's tensors: read as tfjs-node does (`dataSync`: memory made anew for each),
// and copied by TensorFlow to where the kernel reads (src/backend/hooks/nativeCopies.ts). In turns, medians of 25 rounds.
// Usage: node test/bench/copies.bench.mjs
import { createRequire } from "node:module";
import util from "node:util";
import { buildKernels } from "../../src/kernels/build.mjs";
import { loadSource } from "./loadSource.mjs";
import { nativeModule } from "./nativeModule.mjs";
import { machineLine, markdownTable } from "./table.mjs";

const rounds = 25;
/** Bytes of all tensors of one shape together. */
const togetherBytes = 64e6;
const shapes = [
  [32, 16, 16, 4],
  [32, 28, 28, 16],
  [64, 28, 28, 64],
];

/** @param {readonly number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** @param {() => void} run */
function milliseconds(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}

const module = nativeModule();
if (module === null) {
  console.log("Copies of tfjs-node's tensors are not measured: there is no native engine (layerscope engine install).");
} else {
  await buildKernels();
  const { createKernels } = await loadSource("kernels/kernels");
  const { NativeCopies } = await loadSource("backend/hooks/nativeCopies");
  // Older addons ask for a function that Node no longer has.
  Object.assign(util, { isNullOrUndefined: (/** @type {unknown} */ value) => value === null || value === undefined });
  const tf = createRequire(import.meta.url)(module);
  const { home, statistics } = createKernels();
  const at = Math.ceil(home.allocate(16 * 2 ** 20 + 64) / 64) * 64;
  const copies = NativeCopies.of(tf.backend(), home);
  if (copies?.works(at) !== true) throw new Error("This tfjs-node does not write where it is told to.");
  const rows = shapes.map((shape) => {
    const channels = shape.at(-1);
    const bytes = 4 * shape.reduce((product, size) => product * size, 1);
    const tensors = Array.from({ length: Math.round(togetherBytes / bytes) }, () =>
      tf.tidy(() => tf.randomNormal(shape).mul(2)),
    );
    const readMs = [];
    const copiedMs = [];
    for (let round = 0; round < rounds; round++) {
      readMs.push(
        milliseconds(() => {
          for (const tensor of tensors) statistics.measure(tensor.dataSync(), { channels });
        }),
      );
      copiedMs.push(
        milliseconds(() => {
          for (const tensor of tensors) statistics.measure(copies.copy(tensor, at), { channels });
        }),
      );
    }
    tf.dispose(tensors);
    const ratio = median(readMs.map((ms, round) => ms / (copiedMs[round] ?? Number.NaN)));
    return [
      `${tensors.length} of [${shape.join(", ")}]`,
      `${median(readMs).toFixed(1)} ms`,
      `${median(copiedMs).toFixed(1)} ms`,
      `×${ratio.toFixed(2)}`,
    ];
  });
  console.log(markdownTable(["tensors of tfjs-node", "dataSync", "copied", "ratio"], rows));
  console.log(machineLine());
}
