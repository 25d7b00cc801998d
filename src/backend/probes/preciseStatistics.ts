import type { Row } from "../../stats/catalogue.js";
import type { BatchStatistics } from "../hooks/batchNormTap.js";
import type { BatchNormalizationLike, LayerLike, TensorLike } from "../hooks/tensorflow.js";
import type { TensorReader } from "../hooks/tensorReader.js";
import type { ProbePass } from "./probePass.js";
import type { ProbeEngine } from "./replay.js";

/** Mini-batches that the statistics are taken over: the last ones of the training. */
export const preciseBatches = 16;
/** Copies of the batches take no more memory than this; with larger batches there are fewer. */
const mostBytes = 16 * 2 ** 20;

/** What a model was trained on in one step. */
export interface ModelBatch {
  readonly model: LayerLike;
  readonly inputs: readonly TensorLike[];
}

interface CopiedTensor {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Copies of the last batches of one model. Numbers only: no tensor is kept between steps. */
export class RecentBatches {
  private model: LayerLike | null = null;
  private batches: { readonly tensors: readonly CopiedTensor[]; readonly bytes: number }[] = [];

  constructor(private readonly reader: TensorReader) {}

  add({ model, inputs }: ModelBatch): void {
    if (model !== this.model) this.batches = [];
    this.model = model;
    const tensors = inputs.flatMap((tensor): CopiedTensor[] => {
      const values = this.reader.values(tensor);
      return values === null ? [] : [{ values: values.slice(), shape: [...tensor.shape], dtype: tensor.dtype }];
    });
    if (tensors.length !== inputs.length) return;
    const bytes = inputs.reduce((sum, { size }) => sum + 4 * size, 0);
    this.batches.push({ tensors, bytes });
    while (this.batches.length > preciseBatches || this.bytes > mostBytes) this.batches.shift();
  }

  get of(): LayerLike | null {
    return this.model;
  }

  /** The batches as tensors of the caller's scope, the oldest first. */
  *asInputs(engine: ProbeEngine): Generator<TensorLike[]> {
    for (const { tensors } of this.batches) {
      yield tensors.map(({ values, shape, dtype }) => engine.makeTensor(values, shape, dtype));
    }
  }

  private get bytes(): number {
    return this.batches.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** Sums over mini-batches at one BatchNorm layer's call. */
interface Sums {
  readonly layer: BatchNormalizationLike;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  batches: number;
}

/**
 * Population statistics by Ioffe & Szegedy's Algorithm 2: with the weights as they are, E[x] = E_B[μ_B] and
 * Var[x] = m/(m−1)·E_B[σ²_B] over mini-batches, compared with the running ones. Batches of one value are left out.
 */
export function preciseStatistics(
  engine: ProbeEngine,
  batches: RecentBatches,
  during: (pass: ProbePass, action: () => void) => void,
  seriesOf: (layer: LayerLike, call: number) => number | null,
  runningOf: (layer: BatchNormalizationLike) => { readonly mean: Float64Array; readonly variance: Float64Array } | null,
): { readonly series: number; readonly row: Row }[] {
  const { of: model } = batches;
  const sums = new Map<number, Sums>();
  if (model === null) return [];
  engine.tidy(() => {
    for (const inputs of batches.asInputs(engine)) {
      const calls = new Map<LayerLike, number>();
      const normalized = (layer: BatchNormalizationLike, statistics: BatchStatistics): void => {
        const call = (calls.get(layer) ?? 0) + 1;
        calls.set(layer, call);
        const series = seriesOf(layer, call);
        if (series !== null) add(sums, series, layer, statistics);
      };
      const pass = { kwargs: (_: LayerLike, kwargs: unknown) => kwargs, normalized };
      during(pass, () => {
        engine.tidy(() => {
          model.apply(inputs.length === 1 ? inputs[0] : inputs, { training: true });
        });
      });
    }
  });
  return [...sums].flatMap(([series, { layer, mean, variance, batches: count }]) => {
    const running = runningOf(layer);
    if (running === null || count === 0) return [];
    const preciseMean = mean.map((sum) => sum / count);
    const preciseVariance = variance.map((sum) => sum / count);
    return {
      series,
      row: {
        preciseMean,
        preciseVariance,
        preciseBatches: count,
        ...compare(layer, preciseMean, preciseVariance, running),
      },
    };
  });
}

function add(
  sums: Map<number, Sums>,
  series: number,
  layer: BatchNormalizationLike,
  { mean, variance, valuesPerChannel: m }: BatchStatistics,
): void {
  if (m < 2) return;
  const known = sums.get(series);
  const channels = mean.length;
  const sum = known ?? { layer, mean: new Float64Array(channels), variance: new Float64Array(channels), batches: 0 };
  for (let channel = 0; channel < channels; channel++) {
    sum.mean[channel] = (sum.mean[channel] as number) + (mean[channel] as number);
    sum.variance[channel] = (sum.variance[channel] as number) + (m / (m - 1)) * (variance[channel] as number);
  }
  sum.batches++;
  sums.set(series, sum);
}

/** How far the running statistics are off, in the units of `meanShift` and `logVarianceRatio`. */
function compare(
  { epsilon }: BatchNormalizationLike,
  mean: Float64Array,
  variance: Float64Array,
  running: { readonly mean: Float64Array; readonly variance: Float64Array },
): Row {
  let shift = 0;
  let ratio = 0;
  for (const [channel, runningVariance] of running.variance.entries()) {
    const precise = variance[channel] as number;
    const unit = Math.sqrt(Math.min(precise, runningVariance) + epsilon);
    shift += Math.abs((mean[channel] as number) - (running.mean[channel] as number)) / unit;
    ratio += Math.abs(Math.log((precise + epsilon) / (runningVariance + epsilon)));
  }
  return { preciseMeanShift: shift / variance.length, preciseLogVarianceRatio: ratio / variance.length };
}
