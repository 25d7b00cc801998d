import type { ChannelRoom, Measured } from "../../kernels/measured.js";
import type { Distribution } from "../../kernels/percentiles.js";
import type { LayerConfig } from "../../run/format.js";
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
/** Share of finite values from which the sample is large enough for that. */
const soundShare = 0.95;

type Saturation = "none" | "tanh" | "sigmoid";

/** What was measured of one tensor. */
export interface Reading {
  readonly measured: Measured;
  /** Null unless everything is captured, and where no value is finite. */
  readonly distribution: Distribution | null;
}

/** What was measured at one call of a layer. */
export interface Activation {
  readonly own: Reading | null;
  readonly input: Reading | null;
  /** False where the output has the input's data under another shape (Flatten, Reshape): it has other channels. */
  readonly hasChannels: boolean;
  /** False where the input is another layer's output: its channels stand in that layer's row. */
  readonly hasInputChannels: boolean;
}

/** Where the lists of one series are put in every step: memory made anew each time is dear. */
export class ActivationRoom {
  readonly own: ChannelRoom = { mean: new Float64Array(0), variance: new Float64Array(0) };
  readonly input: ChannelRoom = { mean: new Float64Array(0), variance: new Float64Array(0) };
  histogram: Float64Array<ArrayBuffer> | undefined;
}

/** Nobody asks for the histogram of an input that is no layer's output. */
const unused = new Float64Array(66);

/** Measures the activations of one pass; a tensor that is one layer's output and the next one's input is read once. */
export class Activations {
  private readonly readings = new Map<object, Reading>();

  constructor(
    private readonly reader: TensorReader,
    private readonly kernels: TensorKernels,
    private readonly captured: Level,
  ) {}

  /** Statistics of a layer's output, and of its input as far as there is one. Null where nothing can be read. */
  measure(
    input: TensorLike | null,
    output: TensorLike | null,
    config: LayerConfig,
    room: ActivationRoom,
  ): Activation | null {
    const known = input === null ? undefined : this.readings.get(input.dataId);
    const before = known ?? (input === null ? null : this.read(input, "none", room.input, () => unused));
    const own =
      output === null
        ? null
        : (this.readings.get(output.dataId) ?? this.readOutput(output, saturationOf(config.activation), room));
    if (own === null && before === null) return null;
    return {
      own,
      input: before,
      hasChannels: input?.dataId !== output?.dataId,
      hasInputChannels: known === undefined,
    };
  }

  /** Statistics of one of several inputs or outputs of a layer. */
  part(tensor: TensorLike, room: ActivationRoom): Activation | null {
    const own = this.readings.get(tensor.dataId) ?? this.readOutput(tensor, "none", room);
    return own === null ? null : { own, input: null, hasChannels: true, hasInputChannels: false };
  }

  private readOutput(tensor: TensorLike, saturation: Saturation, room: ActivationRoom): Reading | null {
    return this.read(tensor, saturation, room.own, () => {
      room.histogram ??= new Float64Array(unused.length);
      return room.histogram;
    });
  }

  private read(
    tensor: TensorLike,
    saturation: Saturation,
    room: ChannelRoom,
    histogram: () => Float64Array<ArrayBuffer>,
  ): Reading | null {
    const values = this.reader.values(tensor);
    if (values === null || values.length === 0) return null;
    const channels = tensor.shape.length < 2 ? 1 : (tensor.shape.at(-1) ?? 1);
    const kernels = this.kernels.of(tensor);
    const measured = kernels.statistics.measure(values, { channels, saturation }, room);
    const { finiteCount } = measured;
    // A sample of which many values are NaN or Inf would be too small: all values are looked at then.
    const options = finiteCount > soundShare * values.length ? { sample: sampleSize } : {};
    const distribution =
      this.captured < level.every || finiteCount === 0
        ? null
        : kernels.distribution.measure(values, options, histogram());
    const reading = { measured, distribution };
    this.readings.set(tensor.dataId, reading);
    return reading;
  }
}

function saturationOf(activation: string | undefined): Saturation {
  return activation === "tanh" || activation === "sigmoid" ? activation : "none";
}
