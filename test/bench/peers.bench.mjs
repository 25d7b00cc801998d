// What Keras and PyTorch take for a step of the same networks, and what people use there to see their layers costs.
// Usage: node test/bench/peers.bench.mjs [network…] [--seconds N]
// LAYERSCOPE_BENCH_PYTHON: a Python that has keras (with tensorflow) or torch; python3 where it is not set.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import networkTable from "./networks.cjs";
import { machineLine, markdownTable } from "./table.mjs";

const script = join(dirname(fileURLToPath(import.meta.url)), "peers.py");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "4" } },
});
const names = positionals.length > 0 ? positionals : Object.keys(networkTable.networks);
const python = process.env.LAYERSCOPE_BENCH_PYTHON ?? "python3";

/** @typedef {{ framework: string, network: string, bareMs: number, ratios: Record<string, number> }} Result */

// A process each: TensorFlow and PyTorch do not bear each other in one.
for (const module of ["keras", "torch"]) {
  const { stdout, status, error } = spawnSync(python, [script, module, values.seconds, ...names], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error !== undefined) console.log(`${module} is left out: ${python} does not run (${error.message}).`);
  else if (status !== 0) throw new Error(`${python} ${script} ${module} ended with ${status}.`);
  else printTable(stdout.split("\n").filter((line) => line !== ""));
}
console.log(machineLine());

/** @param {readonly string[]} lines */
function printTable(lines) {
  /** @type {(Result | { leftOut: string, reason: string })[]} */
  const answers = lines.map((line) => JSON.parse(line));
  for (const answer of answers) {
    if ("leftOut" in answer) console.log(`${answer.leftOut} is left out: ${answer.reason}.`);
  }
  const results = answers.filter((answer) => "bareMs" in answer);
  const [first] = results;
  if (first === undefined) return;
  const habits = Object.keys(first.ratios);
  const titles = /** @type {Record<string, { title: string }>} */ (networkTable.networks);
  const rows = results.map(({ network, bareMs, ratios }) => [
    titles[network]?.title ?? network,
    bareMs.toFixed(1),
    ...habits.map((habit) => `×${ratios[habit]?.toFixed(2)}`),
  ]);
  console.log(`\n${first.framework}: time of a step as ratio to bare`);
  console.log(markdownTable(["network", "bare, ms", ...habits], rows));
}
