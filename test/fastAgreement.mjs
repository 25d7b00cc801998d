// Whether trainings with the fast path agree with those without it, as distributions: the digits CNN from several seeds.
// Usage: node test/fastAgreement.mjs [--engine embedded|native] [--seeds 20] [--epochs 4]
//
// The test, for held-out loss, held-out accuracy and training loss each: pairs of one seed (same initial weights, same
// order of examples); H0: the sign of a pair's difference is a coin's. Two-sided sign-flip permutation test of the mean
// difference, all 2^n flips (Fisher 1935). Six numbers p are looked at, so that 0.05 / 6 is the level (Bonferroni).
// Beside it the two-sample Kolmogorov-Smirnov test of the two sets of results, for a difference other than of the mean.
// Exit 0 when nothing is significant, 1 otherwise. What could have been seen is told by the confidence interval.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nativeModule } from "./bench/nativeModule.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "embedded" },
    seeds: { type: "string", default: "20" },
    epochs: { type: "string", default: "4" },
  },
});
const level = 0.05 / 6;
const measures = /** @type {const} */ (["loss", "accuracy", "trainLoss"]);

/** @typedef {Record<typeof measures[number], number>} Result */

/** @param {string} script @param {string} runs @param {number} seed @param {boolean} fast @returns {Result} */
function train(script, runs, seed, fast) {
  const none = { launch: null, claim: null, parent: null, breakOnAnomaly: false, diskLimitBytes: 2e9 };
  const engine = values.engine === "native" ? "auto" : "embedded";
  const ran = spawnSync(
    process.execPath,
    ["--require", join(root, "dist/backend.cjs"), script, String(seed), values.epochs],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        TF_CPP_MIN_LOG_LEVEL: "2",
        DIGITS_FOLDER: join(root, "media/sample/data"),
        LAYERSCOPE_OPTIONS: JSON.stringify({ ...none, runs, engine, budget: "5", fast }),
      },
    },
  );
  const last = ran.stdout.trim().split("\n").at(-1) ?? "";
  if (ran.status !== 0 || !last.startsWith("{")) throw new Error(`Seed ${seed} did not train: ${ran.stderr}`);
  return JSON.parse(last);
}

/** Share of all flips of signs whose mean is at least as far from zero. @param {readonly number[]} differences */
function signFlip(differences) {
  const wanted = Math.abs(differences.reduce((sum, value) => sum + value, 0)) * (1 - 1e-12);
  const total = 2 ** differences.length;
  let sum = -differences.reduce((all, value) => all + value, 0);
  let extreme = 0;
  // In Gray code's order one sign changes at a time.
  const signs = differences.map(() => -1);
  for (let at = 0; at < total; at++) {
    if (Math.abs(sum) >= wanted) extreme++;
    const flipped = Math.log2((at + 1) & -(at + 1));
    const sign = signs[flipped];
    const value = differences[flipped];
    if (sign === undefined || value === undefined) continue;
    sum -= 2 * sign * value;
    signs[flipped] = -sign;
  }
  return extreme / total;
}

/** Asymptotic p with Stephens' correction. @param {readonly number[]} a @param {readonly number[]} b */
function kolmogorovSmirnov(a, b) {
  const share = (/** @type {readonly number[]} */ list, /** @type {number} */ limit) =>
    list.filter((value) => value <= limit).length / list.length;
  const distance = Math.max(...[...a, ...b].map((value) => Math.abs(share(a, value) - share(b, value))));
  const n = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const lambda = (n + 0.12 + 0.11 / n) * distance;
  if (lambda < 0.3) return 1;
  let p = 0;
  for (let k = 1; k <= 100; k++) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(1, Math.max(0, p));
}

/** @param {readonly number[]} list */
function meanAndDeviation(list) {
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (list.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}

const folder = mkdtempSync(join(tmpdir(), "layerscope-agreement-"));
try {
  let script = join(root, "test/fixtures/fast/digitsSeed.cjs");
  if (values.engine === "native") {
    const native = nativeModule();
    if (native === null) throw new Error("No native tfjs-node: run `node dist/cli.cjs engine install` first.");
    mkdirSync(join(folder, "test/fixtures"), { recursive: true });
    cpSync(join(root, "test/fixtures/fast"), join(folder, "test/fixtures/fast"), { recursive: true });
    cpSync(join(root, "test/bench"), join(folder, "test/bench"), { recursive: true });
    symlinkSync(join(native, "../.."), join(folder, "node_modules"));
    script = join(folder, "test/fixtures/fast/digitsSeed.cjs");
  }
  /** @type {{ normal: Result, fast: Result }[]} */
  const pairs = [];
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const pair = {
      normal: train(script, join(folder, "runs"), seed, false),
      fast: train(script, join(folder, "runs"), seed, true),
    };
    pairs.push(pair);
    console.log(
      `seed ${String(seed).padStart(2)}  loss ${pair.normal.loss.toFixed(4)} and fast ${pair.fast.loss.toFixed(4)}  ` +
        `accuracy ${pair.normal.accuracy.toFixed(4)} and ${pair.fast.accuracy.toFixed(4)}`,
    );
  }
  let smallest = 1;
  for (const measure of measures) {
    const [normal, fast] = [pairs.map((pair) => pair.normal[measure]), pairs.map((pair) => pair.fast[measure])];
    const differences = pairs.map((pair) => pair.fast[measure] - pair.normal[measure]);
    const { mean, deviation } = meanAndDeviation(differences);
    const half = (2.09 * deviation) / Math.sqrt(pairs.length);
    const flips = signFlip(differences);
    const shape = kolmogorovSmirnov(normal, fast);
    smallest = Math.min(smallest, flips, shape);
    const seeds = meanAndDeviation(normal);
    console.log(
      `${measure}: ${seeds.mean.toFixed(5)} ± ${seeds.deviation.toFixed(5)} over seeds; fast − normal ${mean.toExponential(2)} ` +
        `(95 %: ${(mean - half).toExponential(2)} to ${(mean + half).toExponential(2)}); sign flips p = ${flips.toFixed(3)}, ` +
        `Kolmogorov-Smirnov p = ${shape.toFixed(3)}`,
    );
  }
  const differs = smallest < level;
  console.log(
    differs ? `They differ (p < ${level.toFixed(4)}).` : `No significant difference (level ${level.toFixed(4)}).`,
  );
  process.exitCode = differs ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
