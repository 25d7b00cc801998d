import { expect, it } from "vitest";
import { verifyReference } from "../../../src/engines/verifyScript.js";

/**
 * The network of `verifyScript` in float64 from the definitions alone: BatchNorm with biased variance, its running
 * statistics, cross-entropy of a softmax, momentum; the gradient by central differences of the loss.
 */
const batch = 12;
const side = 6;
const epsilon = 1e-3;
const momentumOfRunning = 0.9;
const learningRate = 0.05;
const momentum = 0.9;
const filters = 4;
const units = 5;
const classes = 3;

const wave = (length: number, phase: number) =>
  Float64Array.from({ length }, (_, i) => Math.fround(Math.sin(phase + i * 0.7) * 0.5));
const filled = (length: number, value: number) => new Float64Array(length).fill(value);

interface Running {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

const input = wave(batch * side * side * 2, 0.3);
// In the order of model.getWeights(): kernel, bias, γ, β, then the same for the dense block, then the output layer.
const weights = [
  wave(3 * 3 * 2 * filters, 0),
  filled(filters, 0),
  filled(filters, 1),
  filled(filters, 0),
  wave(3 * 3 * filters * units, 4),
  filled(units, 0),
  filled(units, 1),
  filled(units, 0),
  wave(units * classes, 8),
  filled(classes, 0),
];

const at = (values: Float64Array, index: number): number => values[index] as number;

function convolve(x: Float64Array, kernel: Float64Array, bias: Float64Array): Float64Array {
  const output = new Float64Array(batch * side * side * filters);
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++)
        for (let f = 0; f < filters; f++) {
          let sum = at(bias, f);
          for (let dy = -1; dy <= 1; dy++)
            for (let dx = -1; dx <= 1; dx++) {
              const [y, c] = [row + dy, column + dx];
              if (y < 0 || c < 0 || y >= side || c >= side) continue;
              for (let channel = 0; channel < 2; channel++) {
                const from = ((n * side + y) * side + c) * 2 + channel;
                sum += at(x, from) * at(kernel, (((dy + 1) * 3 + dx + 1) * 2 + channel) * filters + f);
              }
            }
          output[((n * side + row) * side + column) * filters + f] = sum;
        }
  return output;
}

function normalise(x: Float64Array, gamma: Float64Array, beta: Float64Array, running: Running | null): Float64Array {
  const channels = gamma.length;
  const count = x.length / channels;
  const output = new Float64Array(x.length);
  for (let c = 0; c < channels; c++) {
    let mean = 0;
    for (let i = c; i < x.length; i += channels) mean += at(x, i) / count;
    let variance = 0;
    for (let i = c; i < x.length; i += channels) variance += (at(x, i) - mean) ** 2 / count;
    const scale = at(gamma, c) / Math.sqrt(variance + epsilon);
    for (let i = c; i < x.length; i += channels) output[i] = (at(x, i) - mean) * scale + at(beta, c);
    if (running === null) continue;
    running.mean[c] = momentumOfRunning * at(running.mean, c) + (1 - momentumOfRunning) * mean;
    running.variance[c] = momentumOfRunning * at(running.variance, c) + (1 - momentumOfRunning) * variance;
  }
  return output;
}

function reluAndPool(x: Float64Array): Float64Array {
  const half = side / 2;
  const output = new Float64Array(batch * half * half * filters);
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++)
        for (let f = 0; f < filters; f++) {
          const to = ((n * half + (row >> 1)) * half + (column >> 1)) * filters + f;
          output[to] = Math.max(at(output, to), at(x, ((n * side + row) * side + column) * filters + f));
        }
  return output;
}

function multiply(x: Float64Array, kernel: Float64Array, bias: Float64Array): Float64Array {
  const width = bias.length;
  const depth = kernel.length / width;
  return Float64Array.from({ length: (x.length / depth) * width }, (_, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    let sum = at(bias, column);
    for (let k = 0; k < depth; k++) sum += at(x, row * depth + k) * at(kernel, k * width + column);
    return sum;
  });
}

function crossEntropy(logits: Float64Array): number {
  let loss = 0;
  for (let n = 0; n < batch; n++) {
    const row = logits.subarray(n * classes, (n + 1) * classes);
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    loss -= (at(row, n % classes) - Math.log(sum)) / batch;
  }
  return loss;
}

function lossOf(w: readonly Float64Array[], running: readonly [Running, Running] | null): number {
  const get = (index: number) => w[index] as Float64Array;
  const convolved = convolve(input, get(0), get(1));
  const pooled = reluAndPool(normalise(convolved, get(2), get(3), running?.[0] ?? null));
  const dense = normalise(multiply(pooled, get(4), get(5)), get(6), get(7), running?.[1] ?? null);
  return crossEntropy(multiply(dense, get(8), get(9)));
}

function gradientOf(w: readonly Float64Array[]): Float64Array[] {
  const step = 1e-6;
  return w.map((values) =>
    values.map((value, index) => {
      values[index] = value + step;
      const above = lossOf(w, null);
      values[index] = value - step;
      const below = lossOf(w, null);
      values[index] = value;
      return (above - below) / (2 * step);
    }),
  );
}

it("the stored losses and running statistics are those of float64 arithmetic", () => {
  const running: [Running, Running] = [
    { mean: filled(filters, 0), variance: filled(filters, 1) },
    { mean: filled(units, 0), variance: filled(units, 1) },
  ];
  const velocity = weights.map(({ length }) => filled(length, 0));
  const losses = verifyReference.losses.map(() => {
    const gradient = gradientOf(weights);
    const loss = lossOf(weights, running);
    for (const [layer, values] of weights.entries())
      for (let i = 0; i < values.length; i++) {
        const before = velocity[layer] as Float64Array;
        before[i] = momentum * at(before, i) + at(gradient[layer] as Float64Array, i);
        values[i] = at(values, i) - learningRate * at(before, i);
      }
    return loss;
  });
  const statistics = running.flatMap(({ mean, variance }) => [...mean, ...variance]);
  const tolerance = 5e-6; // float32 over six steps; stored values have seven digits
  for (const [step, loss] of losses.entries()) {
    expect(Math.abs(loss - (verifyReference.losses[step] ?? Number.NaN)), `loss ${step}`).toBeLessThan(tolerance);
  }
  expect(statistics).toHaveLength(verifyReference.running.length);
  for (const [index, value] of statistics.entries()) {
    expect(Math.abs(value - (verifyReference.running[index] ?? Number.NaN)), `running ${index}`).toBeLessThan(
      tolerance,
    );
  }
});
