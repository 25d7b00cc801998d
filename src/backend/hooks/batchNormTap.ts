import type { EngineLike, RunKernel, TensorLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";

export interface BatchStatistics {
  readonly mean: Float64Array;
  /** Biased. */
  readonly variance: Float64Array;
  /** m′: values per channel in this batch. */
  readonly valuesPerChannel: number;
}

/**
 * Runs a BatchNorm layer's training call and takes the batch mean and variance that the layer itself computes:
 * the first two `Mean` kernels of the call (tfjs `moments`). The two values are read at once, no tensor is kept.
 * `room` holds the copies of the call before, which are overwritten.
 */
export function tapBatchStatistics<Result>(
  engine: EngineLike,
  reader: TensorReader,
  call: () => Result,
  taken: (statistics: BatchStatistics) => void,
  room: Float64Array[],
): Result {
  const means: Float64Array[] = [];
  let inputSize = 0;
  const inherited = Object.hasOwn(engine, "runKernel") ? engine.runKernel : undefined;
  const runKernel = engine.runKernel;
  const tap: RunKernel = function (this: EngineLike, name, inputs, attributes) {
    const result = runKernel.call(this, name, inputs, attributes);
    if (name === "Mean" && means.length < 2) {
      if (means.length === 0) inputSize = (inputs.x as TensorLike | undefined)?.size ?? 0;
      const values = reader.copy(result as TensorLike, room[means.length]);
      if (values !== null) room[means.length] = values;
      if (values !== null) means.push(values);
      if (means.length === 2) restore();
    }
    return result;
  };
  function restore(): void {
    if (engine.runKernel !== tap) return;
    if (inherited === undefined) Reflect.deleteProperty(engine, "runKernel");
    else engine.runKernel = inherited;
  }

  engine.runKernel = tap;
  let result: Result;
  try {
    result = call();
  } finally {
    restore();
  }
  const [mean, variance] = means;
  if (mean !== undefined && variance !== undefined && mean.length > 0) {
    taken({ mean, variance, valuesPerChannel: inputSize / mean.length });
  }
  return result;
}
