/**
 * Training scripts that nobody here wrote. They are fetched when the tests run and never changed; where one is a library
 * or wants data, `files` are put beside it (a few lines that call its training function, or data of ours).
 */
export interface PublicScript {
  readonly name: string;
  /** What kind of training it is. */
  readonly kind: string;
  readonly source: NpmSource | GitSource;
  /** The script, in the folder of the package or repository. */
  readonly script: string;
  readonly arguments?: readonly string[];
  /** Ours, written into the copy; `tfjs` is the package that the engine under test wants. */
  readonly files?: (tfjs: string) => Readonly<Record<string, string | Uint8Array>>;
  /** `tsx`: TypeScript, or ES module syntax in files that Node takes for CommonJS. `tsc`: compiled with source maps. */
  readonly loader?: "tsx" | "tsc";
  /** Ended by us after so many updates, where the script itself would go on for minutes. */
  readonly updates?: number;
  /** Layers of what is trained, counted in the script's text. */
  readonly layers: number;
  /** It asks for no engine by itself, so that it can run in plain JavaScript too, or (`only`) does so by itself. */
  readonly plain?: true | "only";
  /** What the script lets the engine draw, which the native one does without a seed. */
  readonly draws?: "output" | "actions";
  /** Largest relative difference of the first losses between engines. */
  readonly lossTolerance: number;
}

export interface NpmSource {
  readonly npm: string;
  /** What of it is unpacked; everything where it is left out. */
  readonly paths?: readonly string[];
}

export interface GitSource {
  readonly git: string;
  readonly commit: string;
  /** What of it is checked out, as patterns of git's sparse checkout. */
  readonly paths: readonly string[];
}

/** One step of float32 rounding differs between engines; updates carry it on. */
const rounding = 2e-4;

export const publicScripts: readonly PublicScript[] = [
  {
    name: "gpt-tfjs",
    kind: "attention, custom layers, own loop",
    source: { npm: "gpt-tfjs@0.0.5" },
    script: "train.js",
    files: () => ({
      "train.js": `
        const { createDataset } = require("./projects/sort/sort.js");
        const { model } = require("./index.js");
        const gpt = model.GPTLMHeadModel({ nLayer: 2, nHead: 3, nEmbd: 24, vocabSize: 3, blockSize: 11, dropout: 0.1 });
        const callbacks = [(_, loss, iteration) => console.log(iteration, loss)];
        gpt.train(createDataset("train"), { epochs: 1, batchSize: 16, shuffle: 1, callbacks });`,
    }),
    layers: 25,
    lossTolerance: rounding,
  },
  {
    name: "scikit.js",
    kind: "dense, TypeScript",
    source: { npm: "scikitjs@1.24.0", paths: ["src"] },
    script: "train.ts",
    loader: "tsx",
    files: (tfjs) => ({
      "train.ts": `
        import * as tf from "${tfjs}";
        import { LinearRegression } from "./src/linear_model/LinearRegression";
        import { setBackend } from "./src/tf-singleton";
        setBackend(tf as never);
        const rows = Array.from({ length: 64 }, (_, row) => [0, 1, 2].map((column) => Math.sin(row * 3 + column)));
        const regression = new LinearRegression({ modelFitOptions: { epochs: 12 } });
        regression
          .fit(rows, rows.map(([a, b, c]) => 2 * (a as number) - (b as number) + 3 * (c as number)))
          .then(() => console.log(regression.coef.arraySync()));`,
    }),
    layers: 1,
    plain: true,
    lossTolerance: rounding,
  },
  {
    name: "jsonstack/model",
    kind: "LSTM, TypeScript",
    source: { npm: "@jsonstack/model@3.0.3", paths: ["src", "package.json"] },
    script: "train.mts",
    loader: "tsx",
    files: (tfjs) => ({
      "train.mts": `
        import { readFileSync } from "node:fs";
        import * as tf from "${tfjs}";
        import { LSTMTimeSeries } from "./src/lstm_time_series";
        import { setBackend } from "./src/tensorflow_singleton";
        setBackend(tf);
        const table = readFileSync("src/test/mock/data/international-airline-passengers-no_footer.csv", "utf8");
        const passengers = [...table.matchAll(/,(\\d+)/g)].map(([, count]) => [Number(count) / 600]);
        const series = new LSTMTimeSeries({ lookback: 3, fit: { epochs: 2, batchSize: 16, verbose: 0 } });
        await series.train(passengers);
        console.log(series.model.predict(tf.tensor([[[0.2, 0.3, 0.4]]])).arraySync());`,
    }),
    layers: 2,
    plain: true,
    lossTolerance: rounding,
  },
  {
    name: "teachablemachine/pose",
    kind: "fitDataset with validation, dropout, TypeScript",
    source: { npm: "@teachablemachine/pose@0.8.6", paths: ["src", "package.json"] },
    script: "train.ts",
    loader: "tsx",
    files: (tfjs) => ({
      "train.ts": `
        import "${tfjs}";
        import * as tf from "@tensorflow/tfjs";
        import { TeachablePoseNet } from "./src/teachable-posenet";
        const poses = new TeachablePoseNet(tf.sequential(), {} as never, {});
        poses.setLabels(["up", "down", "left"]);
        for (let pose = 0; pose < 60; pose++)
          poses.addExample(pose % 3, Float32Array.from({ length: 34 }, (_, part) => Math.sin(pose * 7 + (pose % 3) * part)));
        const callbacks = { onEpochEnd: async (epoch: number, logs: object) => console.log(epoch, logs) };
        poses
          .train({ denseUnits: 16, epochs: 4, learningRate: 0.01, batchSize: 8 }, callbacks)
          .then(() => poses.predict(new Float32Array(34)).then(console.log));`,
      ...withoutBrowser,
    }),
    layers: 3,
    plain: true,
    lossTolerance: rounding,
  },
  {
    name: "teachablemachine/image",
    kind: "fitDataset behind a frozen conv net, published with source maps",
    source: { npm: "@teachablemachine/image@0.8.5", paths: ["src", "dist", "package.json"] },
    script: "train.js",
    files: (tfjs) => ({
      "train.js": `
        require("${tfjs}");
        const tf = require("@tensorflow/tfjs");
        const { TeachableMobileNet } = require("./dist/teachable-mobilenet.js");
        const { layers } = tf;
        const pictures = new TeachableMobileNet(
          tf.sequential({
            layers: [
              layers.conv2d({ inputShape: [12, 12, 3], filters: 4, kernelSize: 3, strides: 2, useBias: false }),
              layers.batchNormalization(),
              layers.reLU(),
            ],
          }),
          {},
        );
        pictures.setLabels(["light", "dark"]);
        (async () => {
          for (let picture = 0; picture < 40; picture++) {
            const values = Array.from({ length: 432 }, (_, at) => Math.sin(at * (picture + 1)) + (picture % 2));
            await pictures.addExample(picture % 2, tf.tensor(values, [1, 12, 12, 3]));
          }
          const callbacks = { onBatchEnd: async (batch, { loss }) => console.log(batch, loss) };
          await pictures.train({ denseUnits: 10, epochs: 3, learningRate: 0.001, batchSize: 16 }, callbacks);
          const { predictions } = await pictures.calculateAccuracyPerClass();
          console.log(await predictions.data());
        })();`,
    }),
    layers: 2,
    plain: true,
    lossTolerance: rounding,
  },
  {
    name: "OpenFPGAduino/machinelearning",
    kind: "dense, fit",
    source: {
      git: "https://github.com/OpenFPGAduino/machinelearning",
      commit: "254c4fb7245781397de481ef11bea25d0fd62405",
      paths: ["/tensorflow.js/server.js"],
    },
    script: "tensorflow.js/server.js",
    updates: 60,
    layers: 2,
    plain: "only",
    lossTolerance: rounding,
  },
  {
    name: "CodingTrain/Auto-Encoder-Demo",
    kind: "autoencoder, ES modules",
    source: {
      git: "https://github.com/CodingTrain/Auto-Encoder-Demo",
      commit: "81abcb930dc9e8c6db8a66dc88d280f5b0c7b1c8",
      paths: ["/index.js", "/package.json"],
    },
    script: "index.js",
    updates: 60,
    layers: 2,
    lossTolerance: rounding,
  },
  {
    name: "yoavain/tensorflow-js-playground",
    kind: "dense, TypeScript, tfjs-node-gpu",
    source: {
      git: "https://github.com/yoavain/tensorflow-js-playground",
      commit: "64b9105e6c40d74db57e66553ea9e10d5215ea72",
      paths: ["/src/tfjs-gpu-check.ts"],
    },
    script: "src/tfjs-gpu-check.ts",
    loader: "tsc",
    layers: 2,
    lossTolerance: rounding,
  },
  {
    name: "zemlyansky/ppo-tfjs",
    kind: "reinforcement learning, two optimizers",
    source: {
      git: "https://github.com/zemlyansky/ppo-tfjs",
      commit: "9ee3f681b31a5524f2b6345d88c99268581cea59",
      paths: ["/ppo.js", "/test.js"],
    },
    script: "train.js",
    // Its trainings are written as tests; what runs them is not of interest here.
    files: () => ({
      "train.js": `
        let last = Promise.resolve();
        globalThis.test = (_, training) => (last = last.then(training));
        require("./test.js");`,
    }),
    layers: 12,
    draws: "actions",
    lossTolerance: rounding,
  },
  {
    name: "nnance/tfjs-ts-examples",
    kind: "variables without layers, minimize, TypeScript",
    source: {
      git: "https://github.com/nnance/tfjs-ts-examples",
      commit: "6670928447fb154a59daab4bf29dace5a8559c4d",
      paths: ["/src/models/fit-to-curve.ts", "/src/data/synthetic-curve.ts"],
    },
    script: "train.ts",
    loader: "tsx",
    files: (tfjs) => ({
      "train.ts": `
        import "${tfjs}";
        import { generateData } from "./src/data/synthetic-curve";
        import { createRandomCoefficients, train } from "./src/models/fit-to-curve";
        const { xs, ys } = generateData(100, { a: -0.8, b: -0.2, c: 0.9, d: 0.5 });
        const coefficients = createRandomCoefficients();
        train(coefficients, xs, ys, 30).then(() => console.log(coefficients.a.arraySync(), coefficients.d.arraySync()));`,
    }),
    layers: 0,
    plain: true,
    lossTolerance: rounding,
  },
  {
    name: "ruizTechServices/tensorflowjs_transformer",
    kind: "attention without layers, variableGrads, TypeScript",
    source: {
      git: "https://github.com/ruizTechServices/tensorflowjs_transformer",
      commit: "7a727166126c1d815e94239d8405feb662fa134f",
      paths: ["/services/", "/types.ts"],
    },
    script: "train.ts",
    loader: "tsx",
    files: (tfjs) => ({
      "train.ts": `
        import "${tfjs}";
        import { SimpleTokenizer } from "./services/tokenizer";
        import { trainModel } from "./services/training";
        import { TransformerModel } from "./services/transformer";
        const corpus = "a model that sees the same words again and again learns them";
        const tokenizer = new SimpleTokenizer(corpus);
        const sizes = { dModel: 16, numHeads: 2, numLayers: 1, dff: 32, maxLen: 32, dropoutRate: 0 };
        const model = new TransformerModel({ ...sizes, vocabSize: tokenizer.vocabSize });
        trainModel(model, tokenizer, corpus, { batchSize: 4, epochs: 1, learningRate: 0.01, seqLen: 8 }, console.log);`,
    }),
    layers: 0,
    plain: true,
    lossTolerance: rounding,
  },
  {
    name: "DavidCai1111/dcgan.js",
    kind: "GAN with two optimizers, conv, BatchNorm, trainOnBatch",
    source: {
      git: "https://github.com/DavidCai1111/dcgan.js",
      commit: "f5c387d4c2eb95c518b816ef23e087c29ca8c577",
      paths: ["/lib/"],
    },
    script: "train.js",
    files: (tfjs) => ({
      "train.js": `require("${tfjs}"); require("./lib/train").train(4, 1);`,
      "assets/.keep": "",
      // It draws a picture now and then.
      "node_modules/jimp/index.js": `
        module.exports = class {
          constructor(width, height, ready) { this.bitmap = { width, height, data: [] }; setImmediate(ready, null, this); }
          scan() {}
          async writeAsync() {}
        };`,
      ...handwriting("train", 8),
      ...handwriting("t10k", 2),
    }),
    layers: 23,
    lossTolerance: 2e-3,
  },
  {
    name: "tfjs-examples/snake-dqn",
    kind: "reinforcement learning, conv, BatchNorm, own gradients",
    source: tfjsExample("/snake-dqn/*.js"),
    script: "snake-dqn/train.js",
    arguments: [
      ...["--replayBufferSize", "60", "--maxNumFrames", "100"],
      ...["--batchSize", "8", "--syncEveryFrames", "50", "--savePath", "snake-dqn/model"],
    ],
    loader: "tsx",
    updates: 12,
    layers: 18,
    lossTolerance: 2e-3,
  },
  {
    name: "tfjs-examples/date-conversion-attention",
    kind: "LSTM, attention, fit with validation",
    source: tfjsExample("/date-conversion-attention/*.js"),
    script: "date-conversion-attention/train.js",
    arguments: ["--epochs", "1", "--trainSplit", "0.005", "--valSplit", "0.005", "--savePath", "date-conversion-model"],
    loader: "tsx",
    updates: 4,
    layers: 13,
    lossTolerance: rounding,
  },
  {
    name: "tfjs-examples/lstm-text-generation",
    kind: "LSTM, training by epochs of its own",
    source: tfjsExample("/lstm-text-generation/*.js"),
    script: "lstm-text-generation/train_node.js",
    arguments: [
      ...["text.txt", "--epochs", "2", "--examplesPerEpoch", "64", "--batchSize", "32", "--sampleLen", "12"],
      ...["--lstmLayerSize", "16,8", "--displayLength", "8"],
    ],
    loader: "tsx",
    files: () => ({ "text.txt": "the cat sat on the mat and the dog sat on the log. ".repeat(12) }),
    layers: 3,
    draws: "output",
    lossTolerance: rounding,
  },
];

/** PoseNet would be loaded from the network, and is not what is trained. */
const withoutBrowser = {
  "node_modules/@tensorflow-models/posenet/index.js": "",
  "node_modules/@tensorflow-models/posenet/dist/util/index.js": "",
  "node_modules/@tensorflow-models/posenet/dist/types/index.js": "",
};

function tfjsExample(path: string): GitSource {
  return {
    git: "https://github.com/tensorflow/tfjs-examples",
    commit: "0521725666e4504948eed00fe372b92510cc74f9",
    paths: [path],
  };
}

/** Pictures and labels in the format of MNIST. */
function handwriting(part: string, count: number): Readonly<Record<string, Uint8Array>> {
  const size = 28;
  const pictures = Buffer.alloc(16 + count * size * size);
  [2051, count, size, size].forEach((value, index) => {
    pictures.writeUInt32BE(value, index * 4);
  });
  for (let index = 16; index < pictures.length; index++) pictures[index] = (index * 97) % 251;
  const labels = Buffer.alloc(8 + count);
  labels.writeUInt32BE(2049, 0);
  labels.writeUInt32BE(count, 4);
  return { [`data/${part}-images-idx3-ubyte`]: pictures, [`data/${part}-labels-idx1-ubyte`]: labels };
}
