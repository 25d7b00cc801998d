import type { LayerLike } from "../hooks/tensorflow.js";
import { type FastEngine, type Tensor, vector } from "./fastEngine.js";
import { batchNormalizationClass, type Complete } from "./fusedBatchNorm.js";

export interface SideTimes {
  readonly normalMs: number;
  readonly fusedMs: number;
  /** With everything around. */
  readonly totalMs: number;
}

const fewestRuns = 3;

/**
 * Times a BatchNorm layer's training call with its gradient on arrays of a shape, as it is and as `fusedCall` does it.
 * The layer is represented by one that has its settings and none of its weights. Null where that cannot be done.
 */
export function sideMeasurement(
  engine: FastEngine,
  layer: LayerLike,
  shape: readonly number[],
  fusedCall: (standIn: Complete, x: Tensor) => (() => Tensor) | null,
): SideTimes | null {
  const startMs = performance.now();
  const own = batchNormalizationClass(layer);
  if (own === null) return null;
  return engine.tidy(() => {
    const size = shape.reduce((product, length) => product * length, 1);
    const x = engine.makeTensor(noise(size), shape, "float32");
    const channels = shape.at(-1) ?? 1;
    const gamma = vector(engine, new Float32Array(channels).fill(1));
    const beta = vector(engine, new Float32Array(channels));
    const standIn = Object.create(layer, {
      gamma: { value: constant(gamma) },
      beta: { value: constant(beta) },
      movingMean: { value: constant(beta) },
      movingVariance: { value: constant(gamma) },
    }) as Complete;
    const fused = fusedCall(standIn, x);
    if (fused === null) return null;
    // Arrays reach an engine's memory when an operation first reads them.
    engine.tidy(() => engine.runKernel("Abs", { x }));
    const timed = (call: () => Tensor): number => {
      const fromMs = performance.now();
      engine.tidy(() => {
        engine.gradients(call, [x, gamma, beta], x);
      });
      return performance.now() - fromMs;
    };
    const normalMs = timed(() => own.call.call(standIn, x, { training: true }) as Tensor);
    // tfjs's own code has run often enough to be compiled; this has not, so it gets as much time and its best run counts.
    let fusedMs = Number.POSITIVE_INFINITY;
    for (let runs = 0, spentMs = 0; runs < fewestRuns || spentMs < normalMs; runs++) {
      const ms = timed(fused);
      spentMs += ms;
      fusedMs = Math.min(fusedMs, ms);
    }
    return { normalMs, fusedMs, totalMs: performance.now() - startMs };
  });
}

/** Reads as a variable does; what is written to it is gone. */
function constant(value: Tensor): { readonly name: string; read(): Tensor; write(next: Tensor): void } {
  return { name: "side measurement", read: () => value, write: () => undefined };
}

const block = 4096;

/** Values about 0 without the script's random stream, made at the speed of copying. */
function noise(size: number): Float32Array {
  const values = new Float32Array(size);
  let state = 1;
  for (let at = 0; at < Math.min(size, block); at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[at] = state / 2 ** 31 - 1;
  }
  for (let done = block; done < size; done *= 2) values.copyWithin(done, 0, Math.min(done, size - done));
  return values;
}
