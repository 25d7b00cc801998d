// What the fast path brings: milliseconds per training step under Layerscope (full statistics, default budget) with and
// without it, as ratios to the same training without Layerscope.
// Usage: node test/bench/fast.bench.mjs [network…] [--seconds N] [--engine embedded|native] [--parts]
// --parts adds a column for each part of the fast path, with all but this one.
//
// One process per mode, all alive at once and working in turns, so that whatever else the machine does falls on all.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nativeModule } from "./nativeModule.mjs";
import { machineLine, markdownTable } from "./table.mjs";
import { Trainer } from "./trainer.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const preload = join(root, "dist/backend.cjs");
const rounds = 12;
/** Largest ratio to bare that is wanted: native, embedded. @type {Record<string, readonly [number, number]>} */
const goals = { digits: [0.6, 0.7], sixConvolutions: [0.55, 0.7], mlp: [0.95, 0.9], residual: [0.6, 0.7] };
const parts = ["batchNorm", "reluGradient", "inputGradients", "adam", "convolution"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "6" },
    engine: { type: "string" },
    parts: { type: "boolean", default: false },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(goals);

/** @param {string} engine @param {string} module */
async function measureEngine(engine, module) {
  const runs = mkdtempSync(join(tmpdir(), "layerscope-fast-"));
  /** @param {string} name @param {object} options */
  const trainer = (name, options) => {
    const none = { launch: null, claim: null, parent: null, breakOnAnomaly: false, diskLimitBytes: 2e9 };
    const choice = engine === "embedded" ? "embedded" : "auto";
    const complete = { ...none, runs, engine: choice, budget: "5", ...options };
    return new Trainer({ name, module, requires: [preload], env: { LAYERSCOPE_OPTIONS: JSON.stringify(complete) } });
  };
  const trainers = [
    trainer("bare", { engineOnly: true, fast: false }),
    trainer("watched", { fast: false }),
    trainer("watched, fast", { fast: true }),
    ...(values.parts ? parts : []).map((part) => trainer(`without ${part}`, { fast: true, fastWithout: [part] })),
  ];
  try {
    const rows = [];
    for (const network of names) {
      let title = network;
      for (const each of trainers) ({ title } = await each.prepare(network));
      for (let round = 0; round < rounds; round++) {
        for (const each of trainers) await each.measure(network, (Number(values.seconds) * 1000) / rounds);
      }
      const [bareMs, ...others] = trainers.map((each) => each.median(network));
      const ratios = others.map((ms) => `×${(ms / (bareMs ?? Number.NaN)).toFixed(2)}`);
      const goal = goals[network]?.[engine === "embedded" ? 1 : 0];
      rows.push([title, bareMs?.toFixed(1) ?? "", ...ratios, goal === undefined ? "" : `×${goal.toFixed(2)}`]);
    }
    const heads = trainers.map(({ name }, at) => (at === 0 ? "bare, ms" : name));
    console.log(`\n${engine}: median time of a step, ratio to bare`);
    console.log(markdownTable(["network", ...heads, "goal"], rows));
  } finally {
    await Promise.all(trainers.map((each) => each.close()));
    rmSync(runs, { recursive: true, force: true });
  }
}

const native = nativeModule();
if (native === null) console.log("tfjs-node is left out: run `node dist/cli.cjs engine install` first.");
else if (values.engine !== "embedded") await measureEngine("tfjs-node", native);
if (values.engine !== "native") await measureEngine("embedded", "@tensorflow/tfjs-node");
console.log(machineLine());
