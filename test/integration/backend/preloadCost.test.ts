import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { optionsVariable } from "../../../src/protocol/options.js";
import { preload } from "./runScript.js";

/** Of the time that Node itself takes to get to a script's first line, which is 20 ms at the least. */
const largestShare = 0.15;
const processes = 9;

interface Loading {
  /** Until Node was about to load the preload. */
  readonly startMs: number;
  readonly loadMs: number;
  /** What of Node the preload brought in. */
  readonly builtins: readonly string[];
  readonly files: readonly string[];
}

let folder = "";
let measurer = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "layerscope-cost-"));
  measurer = join(folder, "measure.cjs");
  writeFileSync(
    measurer,
    `const startMs = performance.now();
     const builtins = new Set(process.moduleLoadList);
     const files = new Set(Object.keys(require.cache));
     const from = performance.now();
     require(${JSON.stringify(preload)});
     const loadMs = performance.now() - from;
     console.log(JSON.stringify({
       startMs,
       loadMs,
       builtins: process.moduleLoadList.filter((name) => !builtins.has(name)),
       files: Object.keys(require.cache).filter((name) => !files.has(name)),
     }));`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function node(...args: readonly string[]) {
  const options = JSON.stringify({ runs: folder, engine: "auto", budget: "5", claim: null, parent: null });
  const env = { ...process.env, NODE_OPTIONS: "", [optionsVariable]: options };
  return spawnSync(process.execPath, args, { env, encoding: "utf8" });
}

function load(): Loading {
  const { stdout, stderr } = node(measurer);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

test("a process that never loads TensorFlow.js pays for one small file", () => {
  const loadings = Array.from({ length: processes }, load);
  const { builtins, files } = loadings[0] as Loading;
  expect(files).toEqual([preload]);
  // Threads, workers, URLs and the like are parts of Node that cost more than the file.
  expect(builtins.filter((name) => !/ (?:module|vm|internal\/(?:modules|source_map)\/.*)$/.test(name))).toEqual([]);
  const quickest = (of: (loading: Loading) => number) => Math.min(...loadings.map(of));
  expect(quickest(({ loadMs }) => loadMs)).toBeLessThan(largestShare * quickest(({ startMs }) => startMs));
});

test("a process whose preload has lost the rest of the extension runs as without it, and says one sentence", () => {
  const alone = join(folder, "backend.cjs");
  copyFileSync(preload, alone);
  const script = join(folder, "train.cjs");
  writeFileSync(
    script,
    `const tf = require(${JSON.stringify(resolve("node_modules/@tensorflow/tfjs"))});
     const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
     model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
     model.trainOnBatch(tf.ones([4, 2]), tf.ones([4, 1])).then((loss) => console.log(tf.getBackend(), loss > 0));`,
  );
  const { status, stdout, stderr } = node("--require", alone, script);
  expect({ status, stdout }).toEqual({ status: 0, stdout: "cpu true\n" });
  expect(stderr.split("\n").filter((line) => line.startsWith("layerscope: "))).toEqual([
    expect.stringContaining("not watching this process: Cannot find module"),
  ]);
});
