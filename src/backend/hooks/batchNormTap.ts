import type { KernelListener, KernelTap } from "./kernelTap.js";
import type { OwnTime } from "./ownTime.js";
import type { TensorLike } from "./tensorflow.js";
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
  kernels: KernelTap,
  reader: TensorReader,
  call: () => Result,
  taken: (statistics: BatchStatistics) => void,
  room: Float64Array[],
  ownTime: OwnTime | null = null,
): Result {
  let found = 0;
  let inputSize = 0;
  const listener: KernelListener = (name, inputs, output) => {
    if (name !== "Mean") return;
    const startMs = ownTime?.clock() ?? 0;
    if (found === 0) inputSize = (inputs.x as TensorLike | undefined)?.size ?? 0;
    const values = reader.copy(output as TensorLike, room[found]);
    ownTime?.spent(startMs);
    if (values === null) return;
    room[found++] = values;
    if (found === 2) kernels.done(listener);
  };
  const result = kernels.during(listener, call);
  const [mean, variance] = room;
  if (found === 2 && mean !== undefined && variance !== undefined && mean.length > 0) {
    taken({ mean, variance, valuesPerChannel: inputSize / mean.length });
  }
  return result;
}
