// What the statistics themselves cost: milliseconds per training step with more of them, as ratios to BatchNorm's alone, in
// one and the same process, whose budget is changed from turn to turn. Processes differ by more than what is looked for here
// (see overhead.bench.mjs, which compares with the bare one).
// Usage: node test/bench/levels.bench.mjs [network…] [--seconds N] [--engine embedded|native]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nativeModule } from "./nativeModule.mjs";
import networkTable from "./networks.cjs";
import { machineLine, markdownTable } from "./table.mjs";
import { Trainer } from "./trainer.mjs";

const preload = join(dirname(fileURLToPath(import.meta.url)), "../../dist/backend.cjs");
const turnMs = 400;
const turnSteps = 4;
const fewestRounds = 6;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "40" }, engine: { type: "string" } },
});
const names = positionals.length > 0 ? positionals : Object.keys(networkTable.networks);
/** BatchNorm's alone stand on both sides of each of the others. */
const order = ["0", "scalars", "0", "every"];

/** Ratios of one round. @typedef {{ basicMs: number, scalars: number, every: number }} Round */

/** @param {string} engine @param {string} module */
async function measureEngine(engine, module) {
  const rows = [];
  for (const network of names) {
    const runs = mkdtempSync(join(tmpdir(), "layerscope-levels-"));
    const none = { launch: null, claim: null, parent: null, fast: false, breakOnAnomaly: false, diskLimitBytes: 2e9 };
    const choice = engine === "embedded" ? "embedded" : "auto";
    const options = JSON.stringify({ ...none, runs, budget: "0", engine: choice });
    const trainer = new Trainer({ name: engine, module, requires: [preload], env: { LAYERSCOPE_OPTIONS: options } });
    try {
      const { title } = await trainer.prepare(network, 20);
      const socket = await controlOf(runs);
      for (const budget of order) await turn(trainer, network, socket, budget);
      /** @type {Round[]} */
      const rounds = [];
      const start = performance.now();
      while (rounds.length < fewestRounds || performance.now() - start < Number(values.seconds) * 1000) {
        const times = [];
        for (const budget of order) times.push(await turn(trainer, network, socket, budget));
        const [first = 0, scalars = 0, second = 0, every = 0] = times;
        const basicMs = (first + second) / 2;
        rounds.push({ basicMs, scalars: scalars / basicMs, every: every / basicMs });
      }
      const basicMs = trimmed(rounds.map((round) => round.basicMs)).mean;
      const ratios = [rounds.map(({ scalars }) => scalars), rounds.map(({ every }) => every)].map(trimmed);
      const texts = ratios.map(({ mean, error }) => `×${mean.toFixed(2)} ±${error.toFixed(2)}`);
      rows.push([title, basicMs.toPrecision(3), ...texts, String(rounds.length)]);
    } finally {
      await trainer.close();
      rmSync(runs, { recursive: true, force: true });
    }
  }
  console.log(`\n${engine}: time of a step as ratio to one with BatchNorm's statistics, in one process`);
  const heads = ["network", "BatchNorm's, ms", "scalars, every step", "everything, every step", "rounds"];
  console.log(markdownTable(heads, rows));
}

/** Milliseconds of a step. @param {Trainer} trainer @param {string} network @param {string} socket @param {string} budget */
async function turn(trainer, network, socket, budget) {
  await ask(socket, { type: "budget", budget });
  const { steps } = await trainer.measure(network, turnMs, turnSteps, 2);
  return steps.reduce((sum, ms) => sum + ms, 0) / steps.length;
}

/** Where the only run of a folder takes requests, once it says so. @param {string} runs @returns {Promise<string>} */
async function controlOf(runs) {
  for (let tries = 0; tries < 200; tries++) {
    for (const id of readdirSync(runs)) {
      const { control } = JSON.parse(readFileSync(join(runs, id, "run.json"), "utf8"));
      if (typeof control === "string") return control;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("The run tells no control socket.");
}

/** @param {string} socket @param {object} request */
async function ask(socket, request) {
  const connection = connect(socket).setEncoding("utf8");
  connection.write(`${JSON.stringify(request)}\n`);
  let answer = "";
  for await (const text of connection) {
    answer += text;
    if (answer.includes("\n")) break;
  }
  if (JSON.parse(answer).ok !== true) throw new Error(`Got ${answer.trim()}, wanted the budget to be changed.`);
}

/** Mean without the outer tenths, and its standard error. @param {readonly number[]} list */
function trimmed(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length / 10);
  const kept = sorted.slice(cut, sorted.length - cut);
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, list.length - 1);
  return { mean, error: Math.sqrt(variance / list.length) };
}

const native = nativeModule();
if (native === null) console.log("tfjs-node is left out: run `node dist/cli.cjs engine install` first.");
else if (values.engine !== "embedded") await measureEngine("tfjs-node", native);
if (values.engine !== "native") await measureEngine("embedded", "@tensorflow/tfjs-node");
console.log(machineLine());
