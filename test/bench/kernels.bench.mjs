// Prints how many GB a second the statistics kernels take, best of several runs. Usage: node test/bench/kernels.bench.mjs
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { buildKernels } from "../../src/kernels/build.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

async function load(name) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, `src/kernels/${name}.ts`)],
    bundle: true,
    format: "esm",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

/** Milliseconds of the fastest run. */
function fastest(run, runs = 5) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function report(what, bytes, run) {
  console.log(`${what.padEnd(56)} ${(bytes / fastest(run) / 1e6).toFixed(2).padStart(6)} GB/s`);
}

await buildKernels();
const { createKernels, kernelsIn } = await load("kernels");

const length = 17_500_000;
const values = Float32Array.from({ length }, () => Math.random() + Math.random() - 1);
const relu = values.map((value) => Math.max(0, value));
const other = values.map((value) => value * 1.001);

for (const engine of ["fastest", "plain"]) {
  const kernel = createKernels(engine).statistics;
  for (const channels of [1, 3, 10, 16, 64, 1000]) {
    const some = values.subarray(0, length - (length % channels));
    report(`${engine}: measure, ${channels} channels`, some.length * 4, () => kernel.measure(some, { channels }));
  }
  report(`${engine}: measure, 16 channels, tanh`, length * 4, () =>
    kernel.measure(values.subarray(0, 17_499_968), { channels: 16, saturation: "tanh" }),
  );
  const channelsFirst = values.subarray(0, 16 * 784 * 1000);
  report(`${engine}: measure, 16 channels of 28 × 28`, channelsFirst.length * 4, () =>
    kernel.measure(channelsFirst, { channels: 16, inner: 784 }),
  );
  report(`${engine}: norm`, length * 4, () => kernel.norm(values));
  report(`${engine}: differenceNorm`, length * 8, () => kernel.differenceNorm(values, other));
}
const distribution = createKernels().distribution;
report("distribution of 17.5 M values, exact", length * 4, () => distribution.measure(values));
report("distribution of 17.5 M values after ReLU, exact", length * 4, () => distribution.measure(relu));
report("distribution of 65 536 values, exact", 65_536 * 4, () => distribution.measure(values.subarray(0, 65_536)));
report("distribution of 17.5 M values, sample of 65 536", length * 4, () =>
  distribution.measure(values, { sample: 65_536 }),
);

// As in the embedded engine, where tensors are read where they lie.
const memory = new WebAssembly.Memory({ initial: 1600, maximum: 1600, shared: true });
let used = 1024;
const home = {
  memory,
  allocate(bytes) {
    const at = used;
    used += Math.ceil(bytes / 16) * 16;
    return at;
  },
};
const inPlace = kernelsIn(home);
const placed = new Float32Array(memory.buffer, home.allocate(length * 4), length);
placed.set(values);
const layer = placed.subarray(0, 401_408);
report("in place: measure, 16 channels", length * 4, () =>
  inPlace.statistics.measure(placed.subarray(0, 17_499_968), { channels: 16 }),
);
report("in place: measure 401 408 values, 16 channels", layer.length * 4, () =>
  inPlace.statistics.measure(layer, { channels: 16 }),
);
report("in place: distribution of these, sample of 40 000", layer.length * 4, () =>
  inPlace.distribution.measure(layer, { sample: 40_000 }),
);

const kernel = createKernels().statistics;
for (const [rows, channels] of [
  [32, 10],
  [32, 64],
  [25_088, 1],
  [784, 32],
]) {
  const some = values.subarray(0, rows * channels);
  const repeat = 500;
  const moments = fastest(() => {
    for (let i = 0; i < repeat; i++) kernel.measure(some, { channels });
  });
  const percentiles = fastest(() => {
    for (let i = 0; i < repeat; i++) distribution.measure(some);
  });
  const [momentsUs, percentilesUs] = [moments, percentiles].map((ms) => ((ms * 1000) / repeat).toFixed(1));
  console.log(`one tensor [${rows}, ${channels}]: measure ${momentsUs} µs, distribution ${percentilesUs} µs`);
}
