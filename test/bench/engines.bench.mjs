// Milliseconds per training step on each engine. Usage: node test/bench/engines.bench.mjs [network…] [--seconds N]
//
// One process per engine, all alive at once, working in turns: a block of steps on one while the others wait for their
// next order, so that whatever else the machine does falls on all alike. A step of plain JavaScript can take minutes: it
// has one turn only, after a single step to warm up, and none where that step alone took long enough.
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nativeModule } from "./nativeModule.mjs";
import networkTable from "./networks.cjs";
import { machineLine, markdownTable } from "./table.mjs";
import { Trainer } from "./trainer.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "3" } },
});
const millisecondsEach = Number(values.seconds) * 1000;
const longStepMs = 5000;
const names = positionals.length > 0 ? positionals : ["digits", "mlp", "sixConvolutions", "lstm"];
const unknown = names.find((name) => !(name in networkTable.networks));
if (unknown !== undefined)
  throw new Error(`Got network ${unknown}, wanted some of ${Object.keys(networkTable.networks)}.`);

const engineOnly = JSON.stringify({ engineOnly: true, engine: "embedded", claim: null, runs: tmpdir() });
const native = nativeModule();
if (native === null) console.log("tfjs-node is left out: run `node dist/cli.cjs engine install` first.");
const engines = [
  ...(native === null ? [] : [{ trainer: new Trainer({ name: "tfjs-node", module: native }), steps: 5, rounds: 4 }]),
  {
    trainer: new Trainer({
      name: "embedded",
      module: "@tensorflow/tfjs-node",
      requires: [join(root, "dist/backend.cjs")],
      env: { LAYERSCOPE_OPTIONS: engineOnly },
    }),
    steps: 5,
    rounds: 4,
  },
  {
    trainer: new Trainer({ name: "plain JS", module: join(root, "node_modules/@tensorflow/tfjs") }),
    steps: 1,
    rounds: 1,
  },
];

try {
  const rows = [];
  for (const network of names) {
    let title = network;
    for (const { trainer, steps } of engines) {
      const ready = await trainer.prepare(network, steps, longStepMs);
      title = ready.title;
      if (trainer.name !== "plain JS" && ready.backend === "cpu") throw new Error(`${trainer.name} runs on plain JS.`);
    }
    for (let round = 0; round < 4; round++) {
      for (const { trainer, rounds } of engines) {
        const isMeasured = rounds === 1 && trainer.median(network) > longStepMs;
        if (round < rounds && !isMeasured) await trainer.measure(network, millisecondsEach / rounds);
      }
    }
    /** @param {string} name */
    const median = (name) =>
      engines.find(({ trainer }) => trainer.name === name)?.trainer.median(network) ?? Number.NaN;
    const [nativeMs, embeddedMs, plainMs] = [median("tfjs-node"), median("embedded"), median("plain JS")];
    const times = [nativeMs, embeddedMs, plainMs].map((ms) => (Number.isNaN(ms) ? "–" : ms.toPrecision(3)));
    const ratios = [embeddedMs / nativeMs, plainMs / embeddedMs].map((ratio) =>
      Number.isNaN(ratio) ? "–" : `×${ratio.toPrecision(3)}`,
    );
    rows.push([title, ...times, ...ratios]);
  }
  const head = [
    "median ms per step",
    "tfjs-node",
    "embedded",
    "plain JS",
    "embedded / tfjs-node",
    "plain JS / embedded",
  ];
  console.log(markdownTable(head, rows));
} finally {
  await Promise.all(engines.map(({ trainer }) => trainer.close()));
}
console.log(machineLine());
