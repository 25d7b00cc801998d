// A small convolutional network with three BatchNorm layers learns to read handwritten digits.
//
// Press ▶ in the editor's title bar, or run "Layerscope: Train with Layer Statistics": the panel shows what happens
// inside each layer. Nothing in this file knows of Layerscope; `node train.js` would train just the same.
//
// Digits: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998
// (the test set), licence CC BY 4.0. 1797 images of 8×8 pixels, values 0..16.

const fs = require("node:fs");
const path = require("node:path");
const tf = require("@tensorflow/tfjs-node");

const side = 8;
const classes = 10;
/** Every sixth image is kept for testing: training never sees it. */
const heldOutEvery = 6;

const { trainImages, trainLabels, testImages, testLabels } = loadDigits();

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

async function main() {
  const model = createModel();
  model.summary();

  await model.fit(trainImages, trainLabels, {
    epochs: Number(process.argv[2] ?? 20),
    batchSize: 32,
    validationData: [testImages, testLabels],
    verbose: 0,
    callbacks: {
      onEpochEnd: (epoch, logs) => {
        const { loss, acc, val_acc: heldOutAccuracy } = logs ?? {};
        console.log(
          `epoch ${String(epoch + 1).padStart(2)}  loss ${Number(loss).toFixed(4)}  ` +
            `accuracy ${percent(acc)}  held out ${percent(heldOutAccuracy)}`,
        );
      },
    },
  });
}

/**
 * Convolution → BatchNorm → ReLU, twice, then a dense layer with a BatchNorm of its own.
 * The layers before a BatchNorm have no bias: BatchNorm would subtract it again, and has a beta of its own.
 *
 * The momentum is 0.9, not the default of 0.99. An epoch has only 47 steps here, and with 0.99 the running mean and
 * variance, which inference uses, would lag behind the batches for three epochs. Try it, and look at the panel.
 */
function createModel() {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [side, side, 1],
        filters: 16,
        kernelSize: 3,
        padding: "same",
        useBias: false,
        name: "conv1",
      }),
      tf.layers.batchNormalization({ momentum: 0.9, name: "norm1" }),
      tf.layers.reLU({ name: "relu1" }),
      tf.layers.maxPooling2d({ poolSize: 2, name: "pool1" }),

      tf.layers.conv2d({ filters: 32, kernelSize: 3, padding: "same", useBias: false, name: "conv2" }),
      tf.layers.batchNormalization({ momentum: 0.9, name: "norm2" }),
      tf.layers.reLU({ name: "relu2" }),
      tf.layers.maxPooling2d({ poolSize: 2, name: "pool2" }),

      tf.layers.flatten({ name: "flatten" }),
      tf.layers.dense({ units: 64, useBias: false, name: "dense1" }),
      tf.layers.batchNormalization({ momentum: 0.9, name: "norm3" }),
      tf.layers.reLU({ name: "relu3" }),
      tf.layers.dense({ units: classes, activation: "softmax", name: "digits" }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.001), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

function loadDigits() {
  const folder = path.join(__dirname, "data");
  const pixels = Float32Array.from(fs.readFileSync(path.join(folder, "images.u8")), (value) => value / 16);
  const labels = Int32Array.from(fs.readFileSync(path.join(folder, "labels.u8")));
  const images = tf.tensor4d(pixels, [labels.length, side, side, 1]);
  const oneHot = tf.oneHot(tf.tensor1d(labels, "int32"), classes).toFloat();

  const all = Array.from(labels.keys());
  const train = tf.tensor1d(
    all.filter((index) => index % heldOutEvery !== 0),
    "int32",
  );
  const test = tf.tensor1d(
    all.filter((index) => index % heldOutEvery === 0),
    "int32",
  );
  return {
    trainImages: images.gather(train),
    trainLabels: oneHot.gather(train),
    testImages: images.gather(test),
    testLabels: oneHot.gather(test),
  };
}

/** @param {number | undefined} fraction */
function percent(fraction) {
  return `${(Number(fraction) * 100).toFixed(1).padStart(5)} %`;
}
