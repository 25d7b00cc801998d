// One engine of engines.bench.mjs. Takes orders as lines of JSON: {network, steps?, milliseconds}.
const util = require("node:util");
const { createInterface } = require("node:readline");
const { batch, networks, seedRandom } = require("./networks.cjs");

util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = require(process.argv[2]);

const lstm = {
  title: "LSTM 64 on 20 steps, batch 32",
  inputShape: [20, 16],
  batchSize: 32,
  build: ({ layers, sequential }) =>
    sequential({
      layers: [
        layers.lstm({ units: 64, inputShape: [20, 16] }),
        layers.batchNormalization(),
        layers.dense({ units: 10, activation: "softmax" }),
      ],
    }),
};
const all = { ...networks, lstm };
const prepared = new Map();

function prepare(name) {
  const { build, inputShape, batchSize, title } = all[name];
  seedRandom(7);
  const model = build(tf);
  model.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy" });
  return { model, title, ...batch(tf, inputShape, batchSize, 10, 11) };
}

async function take({ network, steps, milliseconds }) {
  await tf.ready();
  if (!prepared.has(network)) prepared.set(network, prepare(network));
  const { model, title, x, y } = prepared.get(network);
  const times = [];
  const start = performance.now();
  // At least one; at most `steps`, and none begins after `milliseconds`.
  while (times.length === 0 || (times.length < (steps ?? Infinity) && performance.now() - start < milliseconds)) {
    const from = performance.now();
    await model.trainOnBatch(x, y);
    times.push(performance.now() - from);
  }
  return { title, backend: tf.getBackend(), steps: times };
}

async function main() {
  for await (const line of createInterface(process.stdin)) {
    process.stdout.write(`${JSON.stringify(await take(JSON.parse(line)))}\n`);
  }
}

void main();
