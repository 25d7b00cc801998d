// One process of trainer.mjs. Takes orders as lines of JSON: {network, steps} or {network, milliseconds}, and a habit:
// what people do today to see their layers' statistics.
//   predict  a second pass through all layers after each step, tf.moments of each output
//   loop     the same pass, each output read with dataSync and run through a JavaScript loop
const util = require("node:util");
const { createInterface } = require("node:readline");
const { batch, networks, seedRandom } = require("./networks.cjs");

util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = require(process.argv[2]);
const prepared = new Map();

function prepare(name) {
  const { build, inputShape, batchSize, title } = networks[name];
  seedRandom(7);
  const model = build(tf);
  model.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy" });
  const outputs = model.layers.filter((layer) => layer.getClassName() !== "InputLayer").map((layer) => layer.output);
  const spy = tf.model({ inputs: model.inputs, outputs });
  return { model, spy, title, ...batch(tf, inputShape, batchSize, 10, 11) };
}

const habits = {
  none: () => undefined,
  predict: ({ spy, x }) =>
    tf.tidy(() => {
      for (const output of spy.predict(x)) {
        const { mean, variance } = tf.moments(output);
        mean.dataSync();
        variance.dataSync();
      }
    }),
  loop: ({ spy, x }) =>
    tf.tidy(() => {
      for (const output of spy.predict(x)) {
        let sum = 0;
        let squares = 0;
        for (const value of output.dataSync()) {
          sum += value;
          squares += value * value;
        }
        if (Number.isNaN(sum + squares)) throw new Error("NaN");
      }
    }),
};

async function take({ network, steps, milliseconds, habit }) {
  await tf.ready();
  if (!prepared.has(network)) prepared.set(network, prepare(network));
  const subject = prepared.get(network);
  const times = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  while (times.length < (steps ?? 1) || performance.now() - start < (milliseconds ?? 0)) {
    const from = performance.now();
    const loss = await subject.model.trainOnBatch(subject.x, subject.y);
    habits[habit](subject, loss);
    times.push(performance.now() - from);
  }
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000 / times.length;
  return {
    title: subject.title,
    backend: tf.getBackend(),
    steps: times,
    cpuMs,
    memoryBytes: process.memoryUsage.rss(),
  };
}

async function main() {
  for await (const line of createInterface(process.stdin)) {
    process.stdout.write(`${JSON.stringify(await take(JSON.parse(line)))}\n`);
  }
}

void main();
