import type { DistributionKernel } from "../../kernels/distribution.js";
import type { Measured } from "../../kernels/measured.js";
import type { StatisticsKernel } from "../../kernels/statistics.js";
import type { LayerConfig } from "../../run/format.js";
import type { Row } from "../../stats/catalogue.js";
import { type Level, level } from "./level.js";
import type { TensorLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";

export interface Kernels {
  readonly statistics: StatisticsKernel;
  readonly distribution: DistributionKernel;
}

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

/** What was measured of a tensor. */
export interface Activation {
  readonly row: Row;
  readonly firstNonfiniteChannel: number | null;
}

/** Measures the activations of one pass; a tensor that is one layer's output and the next one's input is read once. */
export class Activations {
  private readonly measured = new Map<object, Activation>();

  constructor(
    private readonly reader: TensorReader,
    private readonly kernels: Kernels,
    private readonly captured: Level,
  ) {}

  /** Statistics of a layer's output, and of its input as far as there is one. Null where nothing can be read. */
  measure(input: TensorLike | null, output: TensorLike | null, config: LayerConfig): Activation | null {
    const known = input === null ? undefined : this.measured.get(input.dataId);
    const before = known ?? (input === null ? null : this.read(input, "none"));
    const own =
      output === null ? null : (this.measured.get(output.dataId) ?? this.read(output, saturationOf(config.activation)));
    if (before === null) return own;
    // Channels of an input that is another layer's output stand in that layer's row.
    const inputRow = known === undefined ? before.row : withoutChannels(before.row);
    if (own === null) return { row: asInput(inputRow), firstNonfiniteChannel: null };
    // The same data under another shape (Flatten, Reshape) has other channels.
    const ownRow = input?.dataId === output?.dataId ? withoutChannels(own.row) : own.row;
    return { ...own, row: { ...ownRow, ...asInput(inputRow) } };
  }

  /** Statistics of one of several inputs or outputs of a layer. */
  part(tensor: TensorLike): Activation | null {
    return this.measured.get(tensor.dataId) ?? this.read(tensor, "none");
  }

  private read(tensor: TensorLike, saturation: Saturation): Activation | null {
    const values = this.reader.values(tensor);
    if (values === null || values.length === 0) return null;
    const channels = tensor.shape.length < 2 ? 1 : (tensor.shape.at(-1) ?? 1);
    const measured = this.kernels.statistics.measure(values, { channels, saturation });
    const activation = {
      row:
        this.captured < level.every ? asRow(measured) : { ...asRow(measured), ...this.distribution(values, measured) },
      firstNonfiniteChannel: measured.firstNonfiniteChannel,
    };
    this.measured.set(tensor.dataId, activation);
    return activation;
  }

  /** A sample of which many values are NaN or Inf would be too small: all values are looked at then. */
  private distribution(values: Parameters<DistributionKernel["measure"]>[0], { finiteCount: finite }: Measured): Row {
    const isSound = finite > soundShare * values.length;
    const { finiteCount, p15, p50, p85, histogramMin, histogramMax, histogram } = this.kernels.distribution.measure(
      values,
      isSound ? { sample: sampleSize } : {},
    );
    return finiteCount === 0 ? {} : { p15, p50, p85, histogramMin, histogramMax, histogram };
  }
}

function withoutChannels({ channelMean: _mean, channelVariance: _variance, ...row }: Row): Row {
  return row;
}

function asRow(measured: Measured): Row {
  const { count, mean, variance, min, max, zeroFraction, deadFraction, nanCount, infCount } = measured;
  const { saturatedFraction, channelMean, channelVariance } = measured;
  return {
    count,
    mean,
    variance,
    min,
    max,
    zeroFraction,
    deadFraction,
    nanCount,
    infCount,
    ...(saturatedFraction === undefined ? {} : { saturatedFraction }),
    ...(channelMean === undefined ? {} : { channelMean }),
    ...(channelVariance === undefined ? {} : { channelVariance }),
  };
}

const inputNames = {
  count: "inputCount",
  mean: "inputMean",
  variance: "inputVariance",
  min: "inputMin",
  max: "inputMax",
  p15: "inputP15",
  p50: "inputP50",
  p85: "inputP85",
  zeroFraction: "inputZeroFraction",
  nanCount: "inputNanCount",
  infCount: "inputInfCount",
  channelMean: "inputChannelMean",
  channelVariance: "inputChannelVariance",
} as const satisfies { readonly [name in keyof Row]?: keyof Row };

/** A layer's input under the names that the catalogue gives to inputs. */
function asInput(row: Row): Row {
  const input: Record<string, unknown> = {};
  for (const [name, inputName] of Object.entries(inputNames)) {
    const value = row[name as keyof typeof inputNames];
    if (value !== undefined) input[inputName] = value;
  }
  return input as Row;
}

function saturationOf(activation: string | undefined): Saturation {
  return activation === "tanh" || activation === "sigmoid" ? activation : "none";
}
