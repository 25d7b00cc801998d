import type { TensorReader } from "../hooks/tensorReader.js";
import type { BatchNormKernel } from "./batchNormKernel.js";
import type { FastEngine } from "./fastEngine.js";

const tolerance = 1e-5;
const epsilon = 1e-3;

/**
 * Whether a kernel computes here what it should: on a new TensorFlow, device or platform nobody has seen it yet.
 * A small batch, few values and many, against the formulas in float64.
 */
export function isRight(kernel: BatchNormKernel, engine: FastEngine, reader: TensorReader): boolean {
  return [6, 1536].every((m) => engine.tidy(() => agrees(kernel, engine, reader, m)));
}

function agrees(kernel: BatchNormKernel, engine: FastEngine, reader: TensorReader, m: number): boolean {
  const x = Float32Array.from({ length: m * 2 }, (_, at) => Math.sin(at * 1.7) + (at % 2));
  const dy = Float32Array.from({ length: m * 2 }, (_, at) => Math.cos(at * 2.3));
  const gamma = [0.5, 2];
  const beta = [1, -1];
  const tensor = (values: ArrayLike<number>, shape: readonly number[]) =>
    engine.makeTensor(Float32Array.from(values), shape, "float32");
  const result = kernel.normalize({
    x: tensor(x, [m, 2]),
    gamma: tensor(gamma, [2]),
    beta: tensor(beta, [2]),
    epsilon,
    owner: {},
  });
  const y = reader.copy(result.y);
  const [dx, dGamma, dBeta] = result
    .backward(tensor(dy, [m, 2]), result.saved)
    .map((gradient) => reader.copy(gradient));
  return [0, 1].every((channel) => {
    const own = (values: ArrayLike<number>) =>
      Array.from({ length: m }, (_, row) => values[row * 2 + channel] as number);
    const [xs, errors] = [own(x), own(dy)];
    const mean = xs.reduce((sum, value) => sum + value, 0) / m;
    const variance = xs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / m;
    const r = 1 / Math.sqrt(variance + epsilon);
    const normal = xs.map((value) => (value - mean) * r);
    const sumErrors = errors.reduce((sum, value) => sum + value, 0);
    const sumProducts = errors.reduce((sum, value, row) => sum + value * (normal[row] as number), 0);
    const scale = gamma[channel] as number;
    const wantedDx = errors.map(
      (value, row) => scale * r * (value - sumErrors / m - ((normal[row] as number) * sumProducts) / m),
    );
    return (
      isNear(
        [result.statistics.mean[channel] as number, result.statistics.variance[channel] as number],
        [mean, variance],
      ) &&
      isNear(
        own(y ?? []),
        normal.map((value) => scale * value + (beta[channel] as number)),
      ) &&
      isNear(own(dx ?? []), wantedDx) &&
      isNear([dGamma?.[channel] as number, dBeta?.[channel] as number], [sumProducts, sumErrors])
    );
  });
}

function isNear(got: readonly number[], wanted: readonly number[]): boolean {
  const largest = Math.max(...wanted.map(Math.abs), 1e-3);
  return wanted.every((value, at) => Math.abs((got[at] as number) - value) <= tolerance * largest);
}
