// What watching costs: milliseconds per training step, as ratios to the same training without Layerscope.
// Usage: node test/bench/overhead.bench.mjs [network…] [--seconds N] [--engine embedded|native]
//
// One process per mode, all alive at once and working in short turns; each turn is compared with the bare turn just
// before it, and the median of these ratios is told: whatever else the machine does falls on all. A second bare process
// shows how much two processes that do the same differ.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nativeModule } from "./nativeModule.mjs";
import networkTable from "./networks.cjs";
import { machineLine, markdownTable } from "./table.mjs";
import { median, Trainer } from "./trainer.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const preload = join(root, "dist/backend.cjs");
/** Of one mode, until the next one has its turn. */
const turnMs = 500;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "6" }, engine: { type: "string" } },
});
const names = positionals.length > 0 ? positionals : Object.keys(networkTable.networks);

/** @param {string} runs @param {string} budget @param {boolean} engineOnly */
function optionsText(runs, budget, engineOnly) {
  const none = { launch: null, claim: null, parent: null, fast: false, breakOnAnomaly: false };
  return JSON.stringify({ ...none, runs, budget, engineOnly, engine: "auto", diskLimitBytes: 2e9 });
}

/** @param {string} engine @param {string} module */
async function measureEngine(engine, module) {
  const runs = mkdtempSync(join(tmpdir(), "layerscope-overhead-"));
  /** @param {string} name @param {string} budget @param {string} [habit] */
  const trainer = (name, budget, habit = "none") =>
    new Trainer({
      name,
      module,
      habit,
      requires: [preload],
      env: { LAYERSCOPE_OPTIONS: optionsText(runs, budget === "" ? "0" : budget, budget === "") },
    });
  const trainers = [
    trainer("bare", ""),
    trainer("bare again", ""),
    trainer("BatchNorm, every step", "0"),
    trainer("budget 5 %", "5"),
    trainer("scalars, every step", "scalars"),
    trainer("everything, every step", "every"),
    trainer("predict + tf.moments", "", "predict"),
    trainer("predict + JS loop", "", "loop"),
  ];
  try {
    const rows = [];
    for (const network of names) {
      /** @type {number[]} */
      let memory = [];
      let title = network;
      for (const each of trainers) ({ title } = await each.prepare(network));
      for (let round = 0; round < (Number(values.seconds) * 1000) / turnMs; round++) {
        memory = [];
        for (const each of trainers) memory.push((await each.measure(network, turnMs, 3)).memoryBytes);
      }
      const [bare, ...others] = trainers;
      if (bare === undefined) throw new Error("No trainer.");
      const bareTurns = bare.turns(network);
      const ratios = others.map((each) => {
        const ratio = (/** @type {"clock" | "cpu"} */ by) =>
          median(each.turns(network).map((turn, at) => turn[by] / (bareTurns[at]?.[by] ?? Number.NaN))).toFixed(2);
        return `×${ratio("clock")} (${ratio("cpu")})`;
      });
      const bareMs = median(bareTurns.map(({ clock }) => clock));
      const moreMemory = ((memory[5] ?? 0) - (memory[0] ?? 0)) / 2 ** 20;
      rows.push([title, bareMs.toFixed(1), ...ratios, `${moreMemory.toFixed(0)} MB`]);
    }
    console.log(`\n${engine}: time of a step as ratio to bare (in brackets: CPU time of all threads)`);
    console.log(
      markdownTable(
        ["network", ...trainers.map(({ name }, at) => (at === 0 ? "bare, ms" : name)), "memory, everything"],
        rows,
      ),
    );
  } finally {
    await Promise.all(trainers.map((each) => each.close()));
    rmSync(runs, { recursive: true, force: true });
  }
}

/** A process that preloads us and never loads TensorFlow.js: how much later it starts. */
function measureStart() {
  /** @type {Record<"with" | "without", number[]>} */
  const times = { with: [], without: [] };
  const env = { ...process.env, LAYERSCOPE_OPTIONS: optionsText(tmpdir(), "5", false), NODE_OPTIONS: "" };
  for (let round = 0; round < 15; round++) {
    for (const mode of /** @type {const} */ (["without", "with"])) {
      const from = performance.now();
      execFileSync(process.execPath, [...(mode === "with" ? ["--require", preload] : []), "-e", "0"], { env });
      times[mode].push(performance.now() - from);
    }
  }
  const [bare, watched] = [median(times.without), median(times.with)];
  console.log(
    `\nNode that never loads TensorFlow.js: ${bare.toFixed(1)} ms bare, ${(watched - bare).toFixed(1)} ms more with us`,
  );
}

const native = nativeModule();
if (native === null) console.log("tfjs-node is left out: run `node dist/cli.cjs engine install` first.");
else if (values.engine !== "embedded") await measureEngine("tfjs-node", native);
if (values.engine !== "native") await measureEngine("embedded", "@tensorflow/tfjs-node");
measureStart();
console.log(machineLine());
