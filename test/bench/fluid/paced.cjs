// A training that notes when each step ended: the step and the time, one line each, in the file that is named.
const { writeFileSync } = require("node:fs");
const tf = require("@tensorflow/tfjs-node");

const [file, seconds] = process.argv.slice(2);
const pauseMs = 10;

async function main() {
  const model = tf.sequential();
  model.add(tf.layers.dense({ inputShape: [4], units: 8, useBias: false, name: "dense" }));
  model.add(tf.layers.batchNormalization({ momentum: 0.9, name: "norm" }));
  model.add(tf.layers.dense({ units: 1, name: "out" }));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const x = tf.randomNormal([32, 4]);
  const y = x.sum(1, true);
  const ends = [];
  const until = Date.now() + 1000 * Number(seconds);
  for (let step = 1; Date.now() < until; step++) {
    await model.trainOnBatch(x, y);
    ends.push(`${step} ${Date.now()}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  writeFileSync(file, ends.join("\n"));
}

void main();
