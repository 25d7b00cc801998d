// What watching costs: time of a training step, as ratio to the same training without Layerscope.
// Usage: node test/bench/overhead.bench.mjs [network…] [--seconds N] [--sittings N] [--engine embedded|native]
//
// One process per mode, all alive at once and working in turns, each once a round, in an order by chance; a turn is compared
// with the bare turn of its round. (A bare process that works more often than the others is warmer than they are: that
// alone was worth a tenth.) A training runs on end, so a turn is a second long: in turns of a fifth of a second what was cold
// or had waited at their beginnings made watching look dearer, by 0.04 for the MLP. The first steps of a turn are not
// counted, and turns in which other programs kept more than half a core busy are thrown away as long as there are others.
// Two processes that do the same differ by up to a tenth for as long as they live (what they compiled when, where their
// memory lies): so everything starts afresh in each sitting, and it is sittings that have to be many.
// "Bare again" is what the whole method makes of a process that is bare as well; ± is the standard error of a mean, from how
// much sittings differ.
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
/** Of one mode, until the next one has its turn: so long, and so many steps, since what a budget takes comes now and then. */
const turnMs = 1000;
const turnSteps = 6;
/** Steps until V8 has compiled what it will compile. */
const preparingMs = 2500;
/** Cores that other programs may take in a turn. */
const mostOthers = 0.5;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "12" },
    sittings: { type: "string", default: "6" },
    engine: { type: "string" },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(networkTable.networks);

/** @param {string} runs @param {string} budget @param {boolean} engineOnly @param {string} engine */
function optionsText(runs, budget, engineOnly, engine) {
  const none = { launch: null, claim: null, parent: null, fast: false, breakOnAnomaly: false };
  return JSON.stringify({ ...none, runs, budget, engineOnly, engine, diskLimitBytes: 2e9 });
}

/** @type {readonly (readonly [name: string, budget: string | null, habit: string])[]} */
const modes = [
  ["bare again", null, "none"],
  ["BatchNorm, every step", "0", "none"],
  ["budget 5 %", "5", "none"],
  ["scalars, every step", "scalars", "none"],
  ["everything, every step", "every", "none"],
  ["predict + tf.moments", null, "predict"],
  ["predict + JS loop", null, "loop"],
];

/** One turn of a mode, beside the bare one of its round. @typedef {{ sitting: number, ratio: number, bareMs: number, moreMB: number, others: number }} Pair */

/** @param {string} engine @param {string} module */
async function measureEngine(engine, module) {
  const runs = mkdtempSync(join(tmpdir(), "layerscope-overhead-"));
  /** @param {string} name @param {string | null} budget @param {string} habit */
  const trainer = (name, budget, habit) => {
    const choice = engine === "embedded" ? "embedded" : "auto";
    const options = optionsText(runs, budget ?? "0", budget === null, choice);
    return new Trainer({ name, module, habit, requires: [preload], env: { LAYERSCOPE_OPTIONS: options } });
  };
  try {
    const rows = [];
    for (const network of names) {
      let title = network;
      const pairs = modes.map(() => /** @type {Pair[]} */ ([]));
      for (let sitting = 0; sitting < Number(values.sittings); sitting++) {
        const bare = trainer("bare", null, "none");
        const observed = modes.map((mode) => trainer(...mode));
        try {
          for (const each of [bare, ...observed]) {
            ({ title } = await each.prepare(network));
            await each.measure(network, preparingMs);
          }
          const sittingMs = (Number(values.seconds) * 1000) / Number(values.sittings);
          for (let workedMs = 0; workedMs < sittingMs; ) {
            const ratios = await takeRound(network, sitting, bare, observed);
            for (const [at, pair] of ratios.entries()) pairs[at]?.push(pair);
            workedMs += Math.max(turnMs, turnSteps * (ratios[0]?.bareMs ?? 0));
          }
        } finally {
          await Promise.all([bare, ...observed].map((each) => each.close()));
        }
      }
      const quiet = pairs.map(quietOnes);
      const bareMs = quiet.flat().map((pair) => pair.bareMs);
      const memory = median((quiet[4] ?? []).map(({ moreMB }) => moreMB));
      const kept = quiet.flat().length / pairs.flat().length;
      rows.push([
        title,
        median(bareMs).toPrecision(3),
        ...quiet.map(ratioText),
        `${memory.toFixed(0)} MB`,
        `${Math.round(100 * kept)} %`,
      ]);
    }
    console.log(`\n${engine}: time of a step as ratio to bare`);
    const heads = modes.map(([name]) => name);
    console.log(markdownTable(["network", "bare, ms", ...heads, "memory, everything", "quiet turns"], rows));
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

/** @param {string} network @param {number} sitting @param {Trainer} bare @param {readonly Trainer[]} observed @returns {Promise<Pair[]>} */
async function takeRound(network, sitting, bare, observed) {
  const order = [bare, ...observed].map((each) => ({ each, place: Math.random() }));
  order.sort((a, b) => a.place - b.place);
  /** @type {Map<Trainer, import("./trainer.mjs").Answer>} */
  const answers = new Map();
  for (const { each } of order) answers.set(each, await each.measure(network, turnMs, turnSteps, 2));
  const without = answers.get(bare);
  if (without === undefined) throw new Error("The bare process had no turn.");
  return observed.map((each) => {
    const watched = answers.get(each) ?? without;
    return {
      sitting,
      ratio: mean(watched.steps) / mean(without.steps),
      bareMs: mean(without.steps),
      moreMB: (watched.memoryBytes - without.memoryBytes) / 2 ** 20,
      others: Math.max(watched.othersShare, without.othersShare),
    };
  });
}

/** The quiet ones; the quieter half where there are too few. @param {readonly Pair[]} pairs */
function quietOnes(pairs) {
  const sorted = [...pairs].sort((a, b) => a.others - b.others);
  const quiet = sorted.filter(({ others }) => others <= mostOthers);
  const half = Math.ceil(pairs.length / 2);
  return quiet.length < half ? sorted.slice(0, half) : quiet;
}

/** Without the outer tenths: a turn is long enough to hold what a budget takes only now and then. @param {readonly Pair[]} pairs */
function ratioText(pairs) {
  const sorted = pairs.map(({ ratio }) => ratio).sort((a, b) => a - b);
  const cut = Math.floor(sorted.length / 10);
  const error = standardError(pairs);
  return `×${mean(sorted.slice(cut, sorted.length - cut)).toFixed(2)}${error === null ? "" : ` ±${error.toFixed(2)}`}`;
}

/** Of the mean over sittings, as turns of one are not independent; null where one sitting is all there is. @param {readonly Pair[]} pairs */
function standardError(pairs) {
  /** @type {Map<number, number[]>} */
  const bySitting = new Map();
  for (const { sitting, ratio } of pairs) bySitting.set(sitting, [...(bySitting.get(sitting) ?? []), ratio]);
  const means = [...bySitting.values()].map(mean);
  if (means.length < 2) return null;
  const middle = mean(means);
  const squares = means.reduce((sum, each) => sum + (each - middle) ** 2, 0);
  return Math.sqrt(squares / (means.length - 1) / means.length);
}

/** @param {readonly number[]} list */
function mean(list) {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}

/** A process that preloads us and never loads TensorFlow.js: how much later it starts. */
function measureStart() {
  /** @type {Record<"with" | "without", number[]>} */
  const times = { with: [], without: [] };
  const env = { ...process.env, LAYERSCOPE_OPTIONS: optionsText(tmpdir(), "5", false, "auto"), NODE_OPTIONS: "" };
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
