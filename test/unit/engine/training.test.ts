import type { layers as Layers, LayersModel, Tensor, train as Train } from "@tensorflow/tfjs";
import type { Optimizer } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { startEmbedded } from "./embeddedEngine.js";
import { pseudoRandom } from "./reference.js";

/**
 * The same training on the embedded engine and on tfjs's JavaScript backend: the first 20 losses agree to 5e-4 of
 * their size. Both round as float32 does, in different orders, and training multiplies what differs.
 */
const tolerance = 5e-4;
const steps = 20;

let tf: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  tf = await startEmbedded();
});

type L = typeof Layers;
interface Case {
  readonly name: string;
  readonly input: readonly number[];
  readonly make: (layers: L) => LayersModel;
  readonly optimizer?: (train: typeof Train) => Optimizer;
  /** Inputs are indices below this. */
  readonly vocabulary?: number;
}

function stack(layers: readonly Parameters<ReturnType<typeof tf.sequential>["add"]>[0][]): LayersModel {
  return tf.sequential({ layers: [...layers] });
}

const head = (layers: L) => [layers.flatten(), layers.dense({ units: 3, activation: "softmax" })];
const image = [9, 8, 3];

const models: readonly Case[] = [
  {
    name: "convolutions, BatchNorm, pooling",
    input: image,
    make: (l) =>
      stack([
        l.conv2d({ inputShape: image, filters: 6, kernelSize: 3, padding: "same", activation: "relu" }),
        l.batchNormalization(),
        l.maxPooling2d({ poolSize: 2 }),
        l.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: "same", useBias: false }),
        l.batchNormalization(),
        l.activation({ activation: "elu" }),
        l.averagePooling2d({ poolSize: 2 }),
        ...head(l),
      ]),
  },
  {
    name: "depthwise and separable convolutions",
    input: image,
    make: (l) =>
      stack([
        l.depthwiseConv2d({ inputShape: image, kernelSize: 3, depthMultiplier: 2, activation: "relu" }),
        l.separableConv2d({ filters: 6, kernelSize: 3, padding: "same", strides: 2 }),
        l.leakyReLU(),
        l.globalAveragePooling2d({}),
        l.dense({ units: 3, activation: "softmax" }),
      ]),
  },
  {
    // No upsampling: tfjs's JavaScript gradient of it mixes up the images of a batch.
    name: "transposed convolution",
    input: image,
    make: (l) =>
      stack([
        l.conv2d({ inputShape: image, filters: 4, kernelSize: 3, strides: 2, activation: "tanh" }),
        l.conv2dTranspose({ filters: 5, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
        ...head(l),
      ]),
  },
  {
    name: "one and three dimensions",
    input: [6, 5, 4, 2],
    make: (l) =>
      stack([
        l.conv3d({ inputShape: [6, 5, 4, 2], filters: 4, kernelSize: 2, padding: "same", activation: "relu" }),
        l.maxPooling3d({ poolSize: 2, strides: 2 }),
        l.reshape({ targetShape: [6, 8] }),
        l.conv1d({ filters: 4, kernelSize: 3, activation: "sigmoid" }),
        l.averagePooling1d({ poolSize: 2 }),
        ...head(l),
      ]),
  },
  {
    name: "LSTM",
    input: [7, 4],
    make: (l) =>
      stack([
        l.lstm({ inputShape: [7, 4], units: 6, returnSequences: true }),
        l.lstm({ units: 5 }),
        l.dense({ units: 3, activation: "softmax" }),
      ]),
    optimizer: (train) => train.adam(0.01),
  },
  {
    name: "GRU and a bidirectional simple RNN",
    input: [6, 4],
    make: (l) =>
      stack([
        l.gru({ inputShape: [6, 4], units: 6, returnSequences: true }),
        l.bidirectional({ layer: l.simpleRNN({ units: 4 }) as never, mergeMode: "concat" }),
        l.dense({ units: 3, activation: "softmax" }),
      ]),
    optimizer: (train) => train.rmsprop(0.005),
  },
  {
    name: "embedding",
    input: [6],
    vocabulary: 12,
    make: (l) =>
      stack([
        l.embedding({ inputDim: 12, outputDim: 5, inputLength: 6 }),
        l.timeDistributed({ layer: l.dense({ units: 4, activation: "relu" }) }),
        ...head(l),
      ]),
    optimizer: (train) => train.adagrad(0.05),
  },
  {
    name: "layer normalisation, noise off, PReLU",
    input: [10],
    make: (l) =>
      stack([
        l.dense({ inputShape: [10], units: 9 }),
        l.layerNormalization(),
        l.prelu({ alphaInitializer: "ones" }),
        l.dense({ units: 7, activation: "selu", kernelRegularizer: "l1l2" }),
        l.batchNormalization({ momentum: 0.5 }),
        l.dense({ units: 3, activation: "softmax" }),
      ]),
    optimizer: (train) => train.adamax(0.01),
  },
  {
    name: "several branches",
    input: image,
    make: (l) => {
      const input = tf.input({ shape: [...image] });
      const one = l.conv2d({ filters: 4, kernelSize: 1, activation: "relu" }).apply(input) as never;
      const two = l.conv2d({ filters: 4, kernelSize: 3, padding: "same" }).apply(input) as never;
      const sum = l.add().apply([one, two]) as never;
      const joined = l.concatenate().apply([sum, l.multiply().apply([one, two]) as never]) as never;
      const pooled = l.globalMaxPooling2d({}).apply(joined) as never;
      const output = l.dense({ units: 3, activation: "softmax" }).apply(pooled) as never;
      return tf.model({ inputs: input, outputs: output });
    },
    optimizer: (train) => train.momentum(0.05, 0.9),
  },
];

async function train({ input, make, optimizer, vocabulary }: Case): Promise<number[]> {
  const model = make(tf.layers);
  model.setWeights(
    model.getWeights().map((weight, index) => {
      const values = pseudoRandom(weight.size, index + 11).map((value) => value * 0.4);
      // Variances and scales have to be positive.
      const own = model.weights[index]?.originalName ?? "";
      return tf.tensor(/variance|gamma/.test(own) ? values.map((value) => 1 + value) : values, weight.shape);
    }),
  );
  model.compile({ optimizer: optimizer?.(tf.train) ?? tf.train.sgd(0.05), loss: "categoricalCrossentropy" });
  const batch = 6;
  const size = batch * input.reduce((product, value) => product * value, 1);
  const raw = pseudoRandom(size, 5);
  const values = vocabulary ? raw.map((value) => Math.floor(((value + 1) / 2) * vocabulary)) : raw;
  const x = tf.tensor(values, [batch, ...input]);
  const y = tf.oneHot(tf.tensor1d([0, 1, 2, 2, 1, 0], "int32"), 3);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await model.trainOnBatch(x, y)) as number);
  tf.dispose([x, y] as Tensor[]);
  model.dispose();
  return losses;
}

describe("the same training on the embedded engine and in plain JavaScript", { timeout: 60_000 }, () => {
  it.each(models)("$name", async (model) => {
    await tf.setBackend("wasm");
    const before = tf.memory().numTensors;
    const embedded = await train(model);
    const left = tf.memory().numTensors - before;
    await tf.setBackend("cpu");
    const plainBefore = tf.memory().numTensors;
    const plain = await train(model);
    expect(left).toBe(tf.memory().numTensors - plainBefore);
    expect(new Set(embedded).size).toBeGreaterThan(steps / 2);
    for (const [step, loss] of embedded.entries()) {
      expect(Math.abs(loss - (plain[step] as number)) / Math.abs(plain[step] as number)).toBeLessThan(tolerance);
    }
  });
});
