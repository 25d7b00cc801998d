// Milliseconds per training step on each engine. Usage: node test/bench/engines.bench.mjs [network…] [--seconds N]
//
// One process per engine, all alive at once, working in turns: a block of steps on one while the others wait for their
// next order, so that whatever else the machine does falls on all alike.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const names = ["digits", "mlp", "sixConvolutions", "lstm"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "3" } },
});
/** A step that takes longer is not repeated for the sake of a median. */
const slowMs = 2000;
const millisecondsEach = Number(values.seconds) * 1000;
const asked = positionals.length > 0 ? positionals : names;
const unknown = asked.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`Got network ${unknown}, wanted some of ${names.join(", ")}.`);

/** Choice of the engine as a training has it, without the recorder. */
async function bundle(folder, entry, output) {
  const outfile = join(folder, output);
  await esbuild.build({
    stdin: { contents: entry, resolveDir: root, loader: "ts" },
    bundle: true,
    platform: "node",
    outfile,
    logLevel: "error",
  });
  return outfile;
}

class Engine {
  #child;
  #lines;
  #times = new Map();

  constructor(name, module, requires) {
    this.name = name;
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" };
    delete env.NODE_OPTIONS;
    this.#child = spawn(process.execPath, [...requires, join(here, "enginesChild.cjs"), module], {
      cwd: tmpdir(),
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async #order(order) {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`The process of ${this.name} ended.`);
    return JSON.parse(value);
  }

  /** Builds the network and takes the first steps, which compile and allocate; where they are slow, they count. */
  async prepare(network) {
    const ready = await this.#order({ network, steps: 3, milliseconds: slowMs });
    const slow = ready.steps.filter((milliseconds) => milliseconds > slowMs);
    this.#times.set(network, slow);
    return ready;
  }

  async measure(network, milliseconds) {
    const times = this.#times.get(network);
    if (times.reduce((sum, time) => sum + time, 0) > millisecondsEach) return;
    const { steps } = await this.#order({ network, milliseconds });
    times.push(...steps);
  }

  median(network) {
    const sorted = this.#times.get(network).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  async close() {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin.end();
    await ended;
  }
}

async function startEngines(folder) {
  const finder = await bundle(folder, 'export { findManagedEngine } from "./src/engines/managed.js";', "managed.cjs");
  const { findManagedEngine } = (await import(finder)).default;
  const preload = await bundle(
    folder,
    'import { installEngine } from "./src/backend/engine/resolve.js"; installEngine({ engine: "embedded" });',
    "preload.cjs",
  );
  cpSync(join(root, "dist/embedded"), join(folder, "embedded"), { recursive: true });
  const own = process.env.LAYERSCOPE_BENCH_NATIVE;
  const native = own ?? findManagedEngine()?.packageFolder ?? null;
  const engines = [];
  if (native !== null && existsSync(native)) engines.push(new Engine("tfjs-node", native, []));
  else console.log("tfjs-node is left out: run `node dist/cli.cjs engine install` first.");
  engines.push(new Engine("embedded", "@tensorflow/tfjs-node", ["--require", preload]));
  engines.push(new Engine("plain JS", join(root, "node_modules/@tensorflow/tfjs"), []));
  return engines;
}

const folder = mkdtempSync(join(tmpdir(), "layerscope-bench-"));
const rounds = 4;
try {
  const engines = await startEngines(folder);
  const rows = [];
  for (const network of asked) {
    let title = network;
    for (const engine of engines) {
      const ready = await engine.prepare(network);
      title = ready.title;
      if (engine.name !== "plain JS" && ready.backend === "cpu")
        throw new Error(`${engine.name} runs on plain JavaScript.`);
    }
    for (let round = 0; round < rounds; round++) {
      for (const engine of engines) await engine.measure(network, millisecondsEach / rounds);
    }
    const medians = Object.fromEntries(engines.map((engine) => [engine.name, engine.median(network)]));
    rows.push({ title, medians });
  }
  await Promise.all(engines.map((engine) => engine.close()));
  print(rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function print(rows) {
  const milliseconds = (value) => (value === undefined ? "–" : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0));
  const ratio = (a, b) => (a === undefined || b === undefined ? "–" : `×${(a / b).toFixed(a / b < 10 ? 2 : 0)}`);
  const cells = [
    ["median ms per step", "tfjs-node", "embedded", "plain JS", "embedded / tfjs-node", "plain JS / embedded"],
    ["---", "---:", "---:", "---:", "---:", "---:"],
    ...rows.map(({ title, medians: { "tfjs-node": native, embedded, "plain JS": plain } }) => [
      title,
      milliseconds(native),
      milliseconds(embedded),
      milliseconds(plain),
      ratio(embedded, native),
      ratio(plain, embedded),
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  for (const row of cells) {
    console.log(
      `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`,
    );
  }
  const [{ model }] = cpus();
  console.log(
    `${model}, ${availableParallelism()} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  );
}
