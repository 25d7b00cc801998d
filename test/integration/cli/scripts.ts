/** A small model with BatchNorm. `steps` of batch 16; `after` is run at the end of each step. */
export function trainingScript(steps: number, after = ""): string {
  return `
const tf = require("@tensorflow/tfjs-node");
const model = tf.sequential({ name: "net" });
model.add(tf.layers.dense({ name: "hidden", units: 4, inputShape: [3] }));
model.add(tf.layers.batchNormalization({ name: "norm" }));
model.add(tf.layers.dense({ name: "out", units: 1 }));
const optimizer = tf.train.sgd(0.05);
for (let step = 1; step <= ${steps}; step++) {
  const x = tf.randomNormal([16, 3], 0, 1, "float32", step);
  optimizer.minimize(() => model.apply(x, { training: true }).square().mean());
  x.dispose();
  ${after}
}
console.log("trained");
`;
}
