// The networks that every benchmark trains, on data of their own that is the same in each process.

/** Values in [0, 1) of a generator of its own (Numerical Recipes' constants). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Makes initialisers and shuffling repeatable: both use Math.random. */
function seedRandom(seed) {
  let state = seed | 0;
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One batch: class c lights up a region of its own, so that a network has something to learn. */
function batch(tf, inputShape, size, classes, seed) {
  const random = generator(seed);
  const length = inputShape.reduce((product, axis) => product * axis, 1);
  const values = new Float32Array(size * length);
  const labels = new Int32Array(size);
  for (let example = 0; example < size; example++) {
    labels[example] = Math.floor(random() * classes);
    const bright = Math.floor((labels[example] * length) / classes);
    for (let at = 0; at < length; at++) {
      const near = (at - bright + length) % length < length / classes;
      values[example * length + at] = (near ? 0.6 : 0) + 0.4 * random();
    }
  }
  const indexes = tf.tensor1d(labels, "int32");
  const x = tf.tensor(values, [size, ...inputShape]);
  const y = tf.tidy(() => tf.oneHot(indexes, classes).toFloat());
  indexes.dispose();
  return { x, y };
}

const convolution = (tf, filters, options = {}) =>
  tf.layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false, ...options });

function digits(tf) {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      convolution(tf, 16, { inputShape: [28, 28, 1] }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.maxPooling2d({ poolSize: 2 }),
      convolution(tf, 32),
      layers.batchNormalization(),
      layers.reLU(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 64, useBias: false }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
  });
}

function sixConvolutions(tf) {
  const { layers } = tf;
  const blocks = [16, 16, 32, 32, 64, 64].flatMap((filters, index) => [
    convolution(
      tf,
      filters,
      index === 0 ? { inputShape: [32, 32, 3] } : { strides: index === 2 || index === 4 ? 2 : 1 },
    ),
    layers.batchNormalization(),
    layers.reLU(),
  ]);
  return tf.sequential({
    layers: [...blocks, layers.globalAveragePooling2d({}), layers.dense({ units: 10, activation: "softmax" })],
  });
}

function mlp(tf) {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.dense({ units: 128, inputShape: [64], useBias: false }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.dense({ units: 64, useBias: false }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
  });
}

/** 20 residual blocks of convolution, BatchNorm and ReLU: 60 layers with a stem in front of them. */
function residual(tf) {
  const { layers } = tf;
  const input = tf.input({ shape: [16, 16, 3] });
  const stage = (x, layer) => layer.apply(x);
  let x = stage(input, convolution(tf, 16));
  x = stage(stage(x, layers.batchNormalization()), layers.reLU());
  for (let block = 0; block < 10; block++) {
    let branch = x;
    for (let half = 0; half < 2; half++) {
      branch = stage(stage(branch, convolution(tf, 16)), layers.batchNormalization());
      if (half === 0) branch = stage(branch, layers.reLU());
    }
    x = stage(layers.add().apply([x, branch]), layers.reLU());
  }
  x = layers.dense({ units: 10, activation: "softmax" }).apply(layers.globalAveragePooling2d({}).apply(x));
  return tf.model({ inputs: input, outputs: x });
}

function lstm(tf) {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.lstm({ units: 64, inputShape: [20, 16] }),
      layers.batchNormalization(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
  });
}

const networks = {
  digits: { title: "digits CNN, batch 32", build: digits, inputShape: [28, 28, 1], batchSize: 32 },
  sixConvolutions: {
    title: "six conv layers, batch 64",
    build: sixConvolutions,
    inputShape: [32, 32, 3],
    batchSize: 64,
  },
  mlp: { title: "MLP with two BatchNorm", build: mlp, inputShape: [64], batchSize: 32 },
  lstm: { title: "LSTM 64 on 20 steps, batch 32", build: lstm, inputShape: [20, 16], batchSize: 32 },
  residual: { title: "60-layer residual net", build: residual, inputShape: [16, 16, 3], batchSize: 32 },
};

module.exports = { networks, batch, seedRandom, generator };
