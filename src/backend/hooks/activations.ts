import type { Measured, StatisticsKernel } from "../../kernels/statistics.js";
import type { LayerConfig } from "../../run/format.js";
import type { Row } from "../../stats/catalogue.js";
import { type Level, level } from "./level.js";
import type { TensorLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";

type Saturation = "none" | "tanh" | "sigmoid";

/** Measures the activations of one pass; a tensor that is one layer's output and the next one's input is read once. */
export class Activations {
  private readonly measured = new Map<object, Row>();

  constructor(
    private readonly reader: TensorReader,
    private readonly kernel: StatisticsKernel,
    private readonly captured: Level,
  ) {}

  /** Statistics of a layer's output, and of its input as far as a tensor is given. Null where nothing can be read. */
  row(input: TensorLike | null, output: TensorLike, config: LayerConfig): Row | null {
    const own = this.measure(output, saturationOf(config.activation), false);
    if (own === null) return null;
    const before = input === null ? null : this.measure(input, "none", true);
    return before === null ? own : { ...own, ...asInput(before) };
  }

  private measure(tensor: TensorLike, saturation: Saturation, isInput: boolean): Row | null {
    if (isInput) {
      const known = this.measured.get(tensor.dataId);
      if (known !== undefined) return known;
    }
    const values = this.reader.values(tensor);
    if (values === null || values.length === 0) return null;
    const channels = tensor.shape.length < 2 ? 1 : (tensor.shape.at(-1) ?? 1);
    let row = asRow(this.kernel.measure(values, { channels, saturation }));
    if (this.captured >= level.every) {
      const distribution = this.kernel.distribution(values);
      if (distribution !== null) row = { ...row, ...distribution };
    }
    this.measured.set(tensor.dataId, row);
    return row;
  }
}

function asRow(measured: Measured): Row {
  return {
    count: measured.count,
    mean: measured.mean,
    variance: measured.variance,
    min: measured.min,
    max: measured.max,
    zeroFraction: measured.zeroFraction,
    deadFraction: measured.deadFraction,
    nanCount: measured.nanCount,
    infCount: measured.infCount,
    ...(measured.saturatedFraction === undefined ? {} : { saturatedFraction: measured.saturatedFraction }),
    ...(measured.channelMean !== undefined && measured.channelVariance !== undefined
      ? { channelMean: measured.channelMean, channelVariance: measured.channelVariance }
      : {}),
  };
}

/** A layer's input under the names that the catalogue gives to inputs. */
function asInput(row: Row): Row {
  const { count, mean, variance, min, max, p15, p50, p85, zeroFraction, nanCount, infCount, channelMean, channelVariance } = row;
  return definedOnly({
    inputCount: count,
    inputMean: mean,
    inputVariance: variance,
    inputMin: min,
    inputMax: max,
    inputP15: p15,
    inputP50: p50,
    inputP85: p85,
    inputZeroFraction: zeroFraction,
    inputNanCount: nanCount,
    inputInfCount: infCount,
    inputChannelMean: channelMean,
    inputChannelVariance: channelVariance,
  });
}

function definedOnly(values: { readonly [name in keyof Row]?: Row[name] | undefined }): Row {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Row;
}

function saturationOf(activation: string | undefined): Saturation {
  return activation === "tanh" || activation === "sigmoid" ? activation : "none";
}
