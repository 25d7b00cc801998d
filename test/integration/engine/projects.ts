import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What is installed: nothing, tfjs without tfjs-node, or a tfjs-node whose addon is missing (as npm leaves it today). */
export type Installed = "nothing" | "tfjs" | "broken";

const repository = resolve("node_modules");
const tfjsParts = ["tfjs", "tfjs-core", "tfjs-layers", "tfjs-data", "tfjs-converter", "tfjs-backend-cpu"];

/** A user's project in a folder of its own. */
export class Project {
  readonly folder: string;

  constructor(installed: Installed) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), `layerscope-${installed}-`)));
    if (installed === "broken") symlinkSync(repository, join(this.folder, "node_modules"));
    if (installed !== "tfjs") return;
    const scope = join(this.folder, "node_modules/@tensorflow");
    mkdirSync(scope, { recursive: true });
    for (const part of tfjsParts) symlinkSync(join(repository, "@tensorflow", part), join(scope, part));
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How a script can ask for a package; each gives `tf`. */
export const importForms: Readonly<
  Record<string, { readonly extension: string; readonly text: (name: string) => string }>
> = {
  require: { extension: "cjs", text: (name) => `const tf = require("${name}");` },
  "import *": { extension: "mjs", text: (name) => `import * as tf from "${name}";` },
  "import default": { extension: "mjs", text: (name) => `import tf from "${name}";` },
  "import { … }": {
    extension: "mjs",
    text: (name) =>
      `import { getBackend, layers, oneHot, sequential, tensor, tensor1d } from "${name}";
       const tf = { getBackend, layers, oneHot, sequential, tensor, tensor1d };`,
  },
  "await import()": { extension: "mjs", text: (name) => `const tf = await import("${name}");` },
};

/**
 * Trains a seeded network with convolution and BatchNorm for 20 steps and prints its losses and the backend. Nothing is
 * random: weights and data are made by a formula.
 */
export const seededTraining = `
const values = (length, seed) => Float32Array.from({ length }, (_, index) => Math.sin(seed + index * 1.7) * 0.5);
const model = tf.sequential();
model.add(tf.layers.conv2d({ inputShape: [8, 8, 2], filters: 4, kernelSize: 3, activation: "relu" }));
model.add(tf.layers.batchNormalization());
model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
model.add(tf.layers.flatten());
model.add(tf.layers.dense({ units: 3, activation: "softmax" }));
model.setWeights(model.weights.map((weight, index) => {
  const size = weight.shape.reduce((product, part) => product * part, 1);
  const isPositive = /gamma|variance/.test(weight.originalName);
  return tf.tensor(values(size, index).map((value) => (isPositive ? 1 + value : value)), weight.shape);
}));
model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
const x = tf.tensor(values(12 * 128, 9), [12, 8, 8, 2]);
const y = tf.oneHot(tf.tensor1d(Array.from({ length: 12 }, (_, index) => index % 3), "int32"), 3);
const train = async () => {
  const losses = [];
  for (let step = 0; step < 20; step++) losses.push(await model.trainOnBatch(x, y));
  console.log(JSON.stringify({ backend: tf.getBackend(), losses, steps: 20 }));
};
train();
`;
