import { compatibilityShim } from "./compatibilityShim.js";

/**
 * Run by `node -e` with the folder of a TensorFlow.js package as its argument. Trains a small network with BatchNorm
 * from weights and data that are sines, so that nothing is random, and prints one line of JSON after the marker.
 */
export const verifyScript = `
${compatibilityShim}
const tf = require(process.argv[1]);
const wave = (shape, phase) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(Float32Array.from({ length: size }, (_, i) => Math.sin(phase + i * 0.7) * 0.5), shape);
};
async function main() {
  const { layers } = tf;
  const model = tf.sequential({ layers: [
    layers.conv2d({ inputShape: [6, 6, 2], filters: 4, kernelSize: 3, padding: "same" }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.activation({ activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 5 }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.dense({ units: 3, activation: "softmax" }),
  ] });
  model.setWeights(model.getWeights().map((weight, index) =>
    weight.shape.length > 1 ? wave(weight.shape, index) : weight));
  model.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: "categoricalCrossentropy" });
  const x = wave([12, 6, 6, 2], 0.3);
  const y = tf.oneHot(tf.tensor1d(Array.from({ length: 12 }, (_, i) => i % 3), "int32"), 3);
  const losses = [];
  let milliseconds = 0;
  for (let step = 0; step < 6; step++) {
    const from = process.hrtime.bigint();
    losses.push(await model.trainOnBatch(x, y));
    milliseconds = Number(process.hrtime.bigint() - from) / 1e6;
  }
  const running = model.layers.filter((layer) => layer.getClassName() === "BatchNormalization")
    .flatMap((layer) => layer.getWeights().slice(2).flatMap((weight) => Array.from(weight.dataSync())));
  return { backend: tf.getBackend(), losses, running, milliseconds };
}
main().then(
  (result) => process.stdout.write("LAYERSCOPE " + JSON.stringify(result) + "\\n"),
  (error) => { console.error(error); process.exitCode = 1; },
);
`;

/** What `verifyScript` gives on every engine; from float64 arithmetic, see the test. */
export const verifyReference = {
  losses: [1.1056559, 1.0953903, 1.0881534, 1.084879, 1.0805117, 1.0803086],
  running: [
    -0.0031574359, -0.0003702763, 0.0025171791, 0.0048057111, 0.5549962521, 0.5527638197, 0.5558954477, 0.5565065742,
    0.0382459909, -0.1628926098, -0.2726719677, -0.2886380255, -0.1359945536, 0.6877064705, 0.59849298, 0.7691915035,
    0.8608236313, 0.738191843,
  ],
} as const;

/** Two float32 engines differ by rounding only: 5e-7 between native and plain JavaScript. */
export const verifyTolerance = 1e-4;
