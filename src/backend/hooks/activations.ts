import type { Saturation } from "../../kernels/measured.js";
import type { LayerConfig } from "../../run/format.js";
import { newReductionRoom, type Reduced, type ReductionRoom, reduced } from "../reduction/reduced.js";
import type { KernelTap } from "./kernelTap.js";
import { type Level, level } from "./level.js";
import type { TensorLike } from "./tensorflow.js";
import type { TensorKernels } from "./tensorKernels.js";
import type { TensorReader } from "./tensorReader.js";

/**
 * Percentiles and histograms of larger tensors are those of a stratified sample of this many values: exact ones cost
 * five times as much as everything else. The rank of p15, p50 or p85 is then off by more than 1 point with a probability
 * below 2·exp(−2·38 000·0.01²) = 1/1000 (Hoeffding), whatever the values; the histogram's edges by more than 0.1 point
 * less often still (Bernstein).
 */
export const sampleSize = 40_000;

/** What was measured of one tensor; null until it is settled. */
export interface Reading {
  result: Reduced | null;
}

/** What was measured at one call of a layer. */
export interface Activation {
  readonly own: Reading | null;
  readonly input: Reading | null;
  /** False where the output has the input's values under another shape (Flatten, Reshape): it has other channels. */
  readonly hasChannels: boolean;
  /** False where the input is another layer's output: its channels stand in that layer's row. */
  readonly hasInputChannels: boolean;
}

/** Where the lists of one series are put in every step: memory made anew each time is dear. */
export interface ActivationRoom {
  readonly own: ReductionRoom;
  readonly input: ReductionRoom;
}

export function newActivationRoom(): ActivationRoom {
  return { own: newReductionRoom(), input: newReductionRoom() };
}

/** Measures the activations of one pass; a tensor that is one layer's output and the next one's input is read once. */
export class Activations {
  private readonly readings = new Map<object, Reading>();

  /** @param atOnce every result is wanted before the layer's call returns */
  constructor(
    private readonly reader: TensorReader,
    private readonly kernels: TensorKernels,
    private readonly kernelTap: KernelTap,
    private readonly captured: Level,
    private readonly atOnce: boolean,
  ) {}

  /** Statistics of a layer's output, and of its input as far as there is one. Null where nothing can be read. */
  measure(
    input: TensorLike | null,
    output: TensorLike | null,
    config: LayerConfig,
    room: ActivationRoom,
  ): Activation | null {
    const known = input === null ? undefined : this.readings.get(input.dataId);
    const before = known ?? (input === null ? null : this.read(input, "none", room.input));
    const isReshaped = input !== null && output !== null && this.kernelTap.haveSameValues(input, output);
    if (isReshaped && before !== null) this.readings.set(output.dataId, before);
    const own =
      output === null
        ? null
        : (this.readings.get(output.dataId) ?? this.read(output, saturationOf(config.activation), room.own));
    if (own === null && before === null) return null;
    return {
      own,
      input: before,
      hasChannels: !isReshaped,
      hasInputChannels: known === undefined,
    };
  }

  /** Statistics of one of several inputs or outputs of a layer. */
  part(tensor: TensorLike, room: ActivationRoom): Activation | null {
    const own = this.readings.get(tensor.dataId) ?? this.read(tensor, "none", room.own);
    return own === null ? null : { own, input: null, hasChannels: true, hasInputChannels: false };
  }

  private read(tensor: TensorLike, saturation: Saturation, room: ReductionRoom): Reading | null {
    const values = this.kernels.values(tensor);
    if (values === null || values.length === 0) return null;
    const reading: Reading = { result: null };
    this.readings.set(tensor.dataId, reading);
    const channels = tensor.shape.length < 2 ? 1 : (tensor.shape.at(-1) ?? 1);
    const wanted = { channels, saturation, sample: this.captured < level.every ? 0 : sampleSize };
    const queue = this.atOnce ? null : this.kernels.queueOf(tensor);
    if (queue?.wants(values, wanted) === true) {
      const isTensors = queue.readsInPlace(values) && !this.kernels.hasBrought(values);
      const release = isTensors ? this.reader.pin(tensor) : null;
      queue.add(values, wanted, room, (result) => {
        reading.result = result;
        release?.();
      });
    } else {
      reading.result = reduced(this.kernels.of(tensor), values, wanted, room);
      this.kernels.letGo(values);
    }
    return reading;
  }
}

function saturationOf(activation: string | undefined): Saturation {
  return activation === "tanh" || activation === "sigmoid" ? activation : "none";
}
