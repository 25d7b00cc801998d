// One process of trainer.mjs. Takes orders as lines of JSON: {network, steps} or {network, milliseconds}, maybe
// after some steps to warm up, and a habit:
// what people do today to see their layers' statistics.
//   predict  a second pass through all layers after each step, tf.moments of each output
//   loop     the same pass, each output read with dataSync and run through a JavaScript loop
const { readFileSync } = require("node:fs");
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

/** Milliseconds that all cores were busy with whatever, or taken away by the host; null where that cannot be known. */
function machineBusyMs() {
  try {
    const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
      .split(/\s+/, 9)
      .slice(1)
      .map(Number);
    return (user + nice + system + irq + softirq + steal) * 10;
  } catch {
    return null;
  }
}

async function take({ network, steps, milliseconds, warmUp, habit }) {
  await tf.ready();
  if (!prepared.has(network)) prepared.set(network, prepare(network));
  const subject = prepared.get(network);
  const step = async () => {
    const from = performance.now();
    const loss = await subject.model.trainOnBatch(subject.x, subject.y);
    habits[habit](subject, loss);
    return performance.now() - from;
  };
  for (let taken = 0; taken < (warmUp ?? 0); taken++) await step();
  const times = [];
  const busyMs = machineBusyMs();
  const cpu = process.cpuUsage();
  const start = performance.now();
  while (times.length < (steps ?? 1) || performance.now() - start < (milliseconds ?? 0)) times.push(await step());
  const { user, system } = process.cpuUsage(cpu);
  const ownMs = (user + system) / 1000;
  const cpuMs = ownMs / times.length;
  const othersMs = busyMs === null ? 0 : Math.max(0, machineBusyMs() - busyMs - ownMs);
  return {
    title: subject.title,
    backend: tf.getBackend(),
    steps: times,
    cpuMs,
    othersShare: othersMs / (performance.now() - start),
    memoryBytes: process.memoryUsage.rss(),
  };
}

async function main() {
  for await (const line of createInterface(process.stdin)) {
    process.stdout.write(`${JSON.stringify(await take(JSON.parse(line)))}\n`);
  }
}

void main();
