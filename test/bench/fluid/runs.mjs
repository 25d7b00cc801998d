import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const require = createRequire(import.meta.url);
const rowsPerFlush = 4096;

/** The run folder's writer and reader, bundled from their sources into a file of their own. */
export async function loadRunParts() {
  const outfile = join(tmpdir(), `layerscope-bench-${process.pid}.cjs`);
  const contents = `
    export { RunWriter } from "./src/run/runWriter.js";
    export { RunHistory, widthFor } from "./src/run/runHistory.js";
    export { newRunFile } from "./src/run/runFile.js";
    export { RunLookout } from "./src/host/lookout/runLookout.js";
    export { RunSession } from "./src/host/session/runSession.js";
    export { SeriesFeed } from "./src/host/views/seriesFeed.js";
  `;
  await esbuild.build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
  });
  try {
    return require(outfile);
  } finally {
    rmSync(outfile, { force: true });
  }
}

/** @param {number} index @param {number} steps */
function layer(index, steps) {
  const isNorm = index % 3 === 1;
  const name = `${isNorm ? "norm" : "layer"}${index}`;
  return {
    index,
    name,
    className: isNorm ? "BatchNormalization" : "Dense",
    model: "m",
    path: `m/${name}`,
    call: 1,
    source: null,
    config: {},
    inputShape: [null, 8],
    outputShape: [null, 8],
    inbound: index === 0 ? [] : [index - 1],
    isOutput: false,
    weights: [],
    steps,
  };
}

/**
 * A run that can be written step by step.
 * @param {any} parts of `loadRunParts`
 * @param {{ folder: string, layers: number, diskLimitBytes?: number, steps?: number }} wanted
 */
export function openWriter({ RunWriter, newRunFile }, { folder, layers, diskLimitBytes = 2 ** 31, steps = 0 }) {
  const script = { path: "/bench/train.js", arguments: [], workingFolder: "/bench" };
  const start = { id: folder.split("/").at(-1), launch: null, parent: null, script, processId: process.pid };
  const run = newRunFile({ ...start, budget: "5", startedAt: new Date(0).toISOString() });
  const writer = new RunWriter({ folder, run, diskLimitBytes });
  const infos = Array.from({ length: layers }, (_, index) => layer(index, steps));
  writer.update({ layers: infos, layerSteps: infos.map(({ steps: count }) => count) });
  let rows = 0;
  /** Every `every`-th step captured, with the numbers of all layers. @param {number} from @param {number} to */
  const writeSteps = (from, to, every = 1) => {
    for (let step = from; step <= to; step += every) {
      writeStep(writer, infos, step);
      rows += infos.length;
      if (rows < rowsPerFlush) continue;
      writer.flush();
      rows = 0;
    }
  };
  return { writer, writeSteps };
}

/** @param {any} writer @param {readonly ReturnType<typeof layer>[]} infos @param {number} step */
function writeStep(writer, infos, step) {
  const noise = Math.sin(step * 12.9898) * 0.5;
  writer.append("steps", step, 0, { timeMs: step * 5, loss: 1 / (1 + step / 1000) + 0.01 * noise });
  for (const { index, className } of infos) {
    const mean = index / infos.length + 0.1 * noise;
    writer.append("activations", step, index, { mean, variance: 1 + 0.1 * noise, referenceDrift: Math.abs(noise) });
    if (className !== "BatchNormalization") continue;
    writer.append("batchNorm", step, index, {
      meanShift: Math.abs(noise),
      batchMean: [mean, -mean],
      batchVariance: [1, 1 + noise],
      runningMean: [mean * 0.9, -mean],
      runningVariance: [1, 1],
    });
  }
}

/**
 * Writes a run as a training leaves it: every `every`-th step captured.
 * @param {any} parts of `loadRunParts`
 * @param {{ folder: string, layers: number, steps: number, every: number }} wanted
 */
export function writeRun(parts, { folder, layers, steps, every }) {
  if (existsSync(join(folder, "run.json"))) return;
  const { writer, writeSteps } = openWriter(parts, { folder, layers, steps });
  writeSteps(every, steps, every);
  writer.close({ status: "completed", exitCode: 0, steps, endedAt: new Date().toISOString() });
}
