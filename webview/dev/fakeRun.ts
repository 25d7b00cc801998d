import type { EpochMetrics, LayerSummary, SeriesData, SeriesKey, ViewFinding } from "../../src/protocol/views.js";
import type { LayerInfo, RunFile, RunStatus, WeightInfo } from "../../src/run/format.js";
import type { StatisticName } from "../../src/stats/catalogue.js";

export interface FakeRunOptions {
  readonly layers: number;
  /** From this step on one layer's output is NaN; null = never. */
  readonly nanFromStep: number | null;
  readonly names: "plain" | "hostile";
  readonly channels: number;
  /** Captures come in bursts: a quarter of every so many steps; 0: every step is captured. */
  readonly burstSteps: number;
}

const stepsPerEpoch = 200;
const hostileNames = [
  '<img src=x onerror="window.hacked=1">',
  "\"quoted\" & 'single' `tick` </script><script>window.hacked=1</script>",
  "طبقة التطبيع ١",
  `long_${"x".repeat(495)}`,
  "line\nbreak\ttab \u202edesrever\u202c",
];

/** A training that never happened: every number is a function of layer, statistic and step, so any range can be asked. */
export class FakeRun {
  readonly layers: readonly LayerInfo[];
  readonly weights: readonly WeightInfo[];

  constructor(readonly options: FakeRunOptions) {
    const weights: WeightInfo[] = [];
    this.layers = Array.from({ length: options.layers }, (_, index) => makeLayer(index, options, weights));
    this.weights = weights;
  }

  /** For the health map: charts have their points from the captured steps alone. */
  isCaptured(step: number): boolean {
    const { burstSteps } = this.options;
    return burstSteps === 0 || step % burstSteps < burstSteps / 4;
  }

  /** NaN from the NaN step on, for the layer that goes bad; a few outliers; else a plausible course. */
  value({ layer, statistic, weight }: SeriesKey, step: number): number {
    const bad = this.options.nanFromStep;
    const info = this.layers[layer];
    if (bad !== null && step >= bad && layer === this.badLayer && !statistic.startsWith("running")) return Number.NaN;
    const noise = noiseAt(layer * 131 + statistic.length * 17 + (weight ?? 0), step);
    const age = step / 400;
    const scale = 1 + (layer % 5) * 0.3;
    const offset = Math.sin(layer * 1.7) * 0.4;
    const drifting = layer === this.driftingLayer ? 0.9 * Math.min(1, age / 2) : 0.15 / (1 + age);
    const batchMean = offset + drifting + 0.25 * scale * (1 - Math.exp(-age)) + 0.05 * noise;
    const batchVariance = scale * (0.6 + 0.8 * (1 - Math.exp(-age / 2))) * (1 + 0.06 * noise);
    const warm = 0.99 ** step;
    const lag = layer === this.driftingLayer ? 0.45 : 1;
    const values: Partial<Record<StatisticName, number>> = {
      loss: (step === 333 ? 9 : 0.06 + 2.2 * Math.exp(-step / 160)) * (1 + 0.12 * noiseAt(3, step)),
      stepMs: 84 + 6 * noise + (step % 97 === 0 ? 40 : 0),
      overheadMs: 1.3 + 0.2 * noise,
      learningRate: 1e-3 * 0.5 ** Math.floor(step / 2000),
      batchMean,
      runningMean: (batchMean - 0.05 * noise) * (1 - warm) * lag,
      batchVariance,
      runningVariance: warm + (1 - warm) * batchVariance,
      gamma: 1 + 0.1 * Math.tanh(age) * Math.sin(layer),
      beta: 0.12 * Math.tanh(age) * Math.cos(layer),
      gap: (layer === this.driftingLayer ? 0.4 : 0.05) + 0.1 * noise,
      meanShift: Math.abs((layer === this.driftingLayer ? 0.41 : 0.06) * (1 + 0.2 * noise)),
      samplingNull: 0.08,
      logVarianceRatio: Math.abs(0.9 * warm + 0.05 * (1 + noise)),
      betweenBatchVariance: 0.02 * (1 + 0.3 * noise),
      mean: 0.4 * offset + 0.03 * noise,
      variance: scale * (0.9 + 0.05 * noise),
      p15: 0.4 * offset - Math.sqrt(scale) + 0.05 * noise,
      p50: 0.35 * offset + 0.03 * noise,
      p85: 0.4 * offset + Math.sqrt(scale) + 0.05 * noise,
      inputMean: offset + 0.03 * noise,
      inputVariance: scale * (1.1 + 0.04 * noise),
      meanDrift: Math.abs(0.03 * noise) + 0.002,
      varianceDrift: Math.abs(0.05 * noise) + 0.004,
      referenceDrift: Math.abs(drifting) + 0.05 * Math.abs(noise) + 0.6 * Math.exp(-step / 60),
      zeroFraction: Math.min(1, Math.max(0, 0.42 + 0.02 * noise)),
      deadFraction: Math.max(0, 0.03 + 0.01 * noise),
      saturatedFraction: 0,
      nanCount: 0,
      gradientNorm: 0.4 * Math.exp(-age / 3) * (1.2 + noise * 0.5) + 0.01,
      updateRatio: 10 ** (-2.9 + 0.2 * noise - 0.1 * age),
      weightNorm: 4 + 0.5 * Math.tanh(age) + ((weight ?? 0) % 3),
    };
    const isNormalised = info === undefined || info.className === "BatchNormalization";
    return statistic in values && (isNormalised || !batchNormOnly.has(statistic))
      ? (values[statistic] as number)
      : Number.NEGATIVE_INFINITY;
  }

  /** At most `points` buckets over from..to; the last point is the newest step alone. */
  series(key: SeriesKey, from: number, to: number, points: number, bucket = bucketSize(from, to, points)): SeriesData {
    const step: number[] = [];
    const mean: number[] = [];
    const min: number[] = [];
    const max: number[] = [];
    const nonfinite: number[] = [];
    for (let start = Math.floor(from / bucket) * bucket; start <= to; start += bucket) {
      const end = Math.min(to, start + bucket - 1);
      const stride = Math.max(1, Math.floor((end - start + 1) / 6));
      const values: number[] = [];
      for (let at = start; at <= end; at += stride) values.push(this.value(key, at));
      if (values[0] === Number.NEGATIVE_INFINITY) break;
      const bad = values.findIndex(Number.isNaN);
      if (bad >= 0 && nonfinite.length < 16) nonfinite.push(start + bad * stride);
      step.push(start);
      mean.push(bad >= 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length);
      min.push(Math.min(...values));
      max.push(Math.max(...values));
    }
    if (bucket > 1 && step.length > 0) {
      const last = this.value(key, to);
      step.push(to);
      mean.push(last);
      min.push(last);
      max.push(last);
    }
    const arrays = [step, mean, min, max].map((numbers) => Float64Array.from(numbers)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    return { key, step: arrays[0], mean: arrays[1], min: arrays[2], max: arrays[3], nonfinite };
  }

  summaries(step: number): LayerSummary[] {
    return this.layers.map(({ index }) => {
      const last: Partial<Record<StatisticName, number>> = {};
      for (const statistic of summaryStatistics) {
        const value = this.value({ layer: index, statistic }, step);
        if (value !== Number.NEGATIVE_INFINITY) last[statistic] = value;
      }
      const bad = this.options.nanFromStep !== null && step >= this.options.nanFromStep && index === this.badLayer;
      if (bad) Object.assign(last, { nanCount: 4096, infCount: 0 });
      const severity = bad ? 3 : index === this.driftingLayer && step > 160 ? 2 : index % 11 === 4 ? 1 : 0;
      const attention = severity * 10 + Math.min(9, (last.meanShift || last.referenceDrift || 0) * 4);
      return { layer: index, step, last, severity, attention };
    });
  }

  findings(step: number): ViewFinding[] {
    const found: ViewFinding[] = [];
    const position = (layer: number) => this.layers[layer]?.source ?? null;
    const drifting = this.layers[this.driftingLayer];
    if (drifting !== undefined && step > 160) {
      found.push({
        id: "bn-not-converged",
        level: "warning",
        layer: this.driftingLayer,
        channel: null,
        step: 161,
        message: `Running statistics of ${drifting.name} have not caught up: the batch mean is 0.41 running σ away, chance explains 0.08.`,
        action: "Lower momentum, train longer, or recalculate the running statistics.",
        source: position(this.driftingLayer),
      });
    }
    if (this.options.nanFromStep !== null && step >= this.options.nanFromStep) {
      found.push({
        id: "nonfinite",
        level: "error",
        layer: this.badLayer,
        channel: 3,
        step: this.options.nanFromStep,
        message: `The output of ${this.layers[this.badLayer]?.name ?? ""} has 4096 NaN values.`,
        action: "Look at the learning rate and at divisions and logarithms before this layer.",
        source: position(this.badLayer),
      });
    }
    found.push({
      id: "bn-redundant-bias",
      level: "info",
      layer: 0,
      channel: null,
      step: 1,
      message: "A bias directly before BatchNorm has no effect.",
      action: "Set useBias: false.",
      source: position(0),
    });
    return found;
  }

  epochs(step: number): EpochMetrics[] {
    return Array.from({ length: Math.floor(step / stepsPerEpoch) }, (_, epoch) => ({
      epoch,
      timeMs: (epoch + 1) * stepsPerEpoch * 84,
      step: (epoch + 1) * stepsPerEpoch,
      logs: {
        loss: 0.1 + 1.6 * Math.exp(-epoch),
        acc: 0.985 - 0.5 * Math.exp(-epoch / 1.5),
        val_loss: 0.14 + 1.7 * Math.exp(-epoch),
        val_acc: 0.97 - 0.5 * Math.exp(-epoch / 1.5),
      },
    }));
  }

  channels(layer: number, step: number): Partial<Record<StatisticName, Float64Array>> {
    const { channels } = this.options;
    const make = (spread: number, centre: number) =>
      Float64Array.from(
        { length: channels },
        (_, channel) => centre + spread * noiseAt(layer * 7 + channel, Math.floor(step / 10)),
      );
    if (this.layers[layer]?.className !== "BatchNormalization")
      return { channelMean: make(0.4, 0), channelVariance: make(0.1, 1) };
    return {
      gap: make(layer === this.driftingLayer ? 0.6 : 0.1, 0),
      channelLogVarianceRatio: make(0.15, 0),
      batchMean: make(0.5, 0.1),
      runningMean: make(0.4, 0.1),
      batchVariance: make(0.2, 1),
      runningVariance: make(0.15, 1),
      gamma: make(0.1, 1),
      beta: make(0.1, 0),
    };
  }

  histogram(layer: number, step: number, bins: number): { low: number; high: number; counts: number[] } {
    const spread = Math.sqrt(Math.abs(this.value({ layer, statistic: "variance" }, step)) || 1);
    const centre = this.value({ layer, statistic: "mean" }, step) || 0;
    const counts = Array.from({ length: bins }, (_, bin) => {
      const z = ((bin + 0.5) / bins - 0.5) * 6;
      return Math.round(4000 * Math.exp((-z * z) / 2) * (1 + 0.1 * noiseAt(bin, step)));
    });
    return { low: centre - 3 * spread, high: centre + 3 * spread, counts: [3, ...counts, 5] };
  }

  file(status: RunStatus, step: number): Omit<RunFile, "layers" | "weights"> {
    return {
      format: 1,
      id: "2026-11-21_10-40-07_train",
      launch: null,
      parent: null,
      script: { path: "/home/you/digits/train.js", arguments: [], workingFolder: "/home/you/digits" },
      status,
      exitCode: status === "completed" ? 0 : null,
      signal: null,
      error: null,
      startedAt: "2026-11-21T10:40:07.000Z",
      endedAt: null,
      stopRequestedAt: null,
      heartbeatAt: "2026-11-21T10:41:07.000Z",
      process: { id: 4242, host: "here", node: "v24.1.0", platform: "linux" },
      engine: {
        name: "embedded",
        reason: "The project has no @tensorflow/tfjs-node, so the embedded WebAssembly engine trains.",
        versions: {},
      },
      budget: "5",
      control: null,
      steps: step,
      epoch: { current: Math.floor(step / stepsPerEpoch) + 1, total: 10, stepsPerEpoch },
      overhead: { percent: 1.4, skippedSteps: 0 },
      layerSteps: [],
      notes: [],
    };
  }

  get driftingLayer(): number {
    return Math.min(this.layers.length - 1, this.layers.length > 20 ? 40 : 4);
  }

  private get badLayer(): number {
    return Math.min(this.layers.length - 1, this.layers.length > 20 ? 61 : 1);
  }
}

const batchNormOnly = new Set<StatisticName>([
  "gap",
  "batchMean",
  "batchVariance",
  "runningMean",
  "runningVariance",
  "gamma",
  "beta",
  "meanShift",
  "samplingNull",
  "logVarianceRatio",
  "betweenBatchVariance",
]);
const summaryStatistics: readonly StatisticName[] = [
  "mean",
  "variance",
  "zeroFraction",
  "referenceDrift",
  "batchMean",
  "batchVariance",
  "runningMean",
  "runningVariance",
  "meanShift",
  "samplingNull",
];

function bucketSize(from: number, to: number, points: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2((to - from + 1) / Math.max(1, points - 1))));
}

/** −1 … 1, the same for the same arguments. */
function noiseAt(seed: number, step: number): number {
  let hash = Math.imul(seed + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(step + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 31 - 1;
}

const kinds = ["Conv2D", "BatchNormalization", "Activation", "Dense", "BatchNormalization", "Dropout"] as const;
const stems = {
  Conv2D: "conv2d",
  BatchNormalization: "batch_normalization",
  Activation: "activation",
  Dense: "dense",
  Dropout: "dropout",
};

function makeLayer(index: number, { names }: FakeRunOptions, weights: WeightInfo[]): LayerInfo {
  const className = kinds[index % kinds.length] ?? "Dense";
  const name =
    names === "hostile" && index < hostileNames.length
      ? (hostileNames[index] as string)
      : `${stems[className]}_${stems[className].toUpperCase().slice(0, 4)}${Math.floor(index / 6) + 1}${index % 6 === 4 ? "b" : ""}`;
  const own: number[] = [];
  const suffixes =
    className === "BatchNormalization"
      ? ["gamma", "beta", "moving_mean", "moving_variance"]
      : className === "Conv2D" || className === "Dense"
        ? ["kernel", "bias"]
        : [];
  for (const suffix of suffixes) {
    own.push(weights.length);
    weights.push({
      index: weights.length,
      name: `${name}/${suffix}`,
      layer: index,
      shape: [32],
      trainable: !suffix.startsWith("moving"),
    });
  }
  return {
    index,
    name,
    className,
    model: "sequential_1",
    path: `sequential_1/${name}`,
    call: 1,
    source: { file: "/home/you/digits/train.js", line: 18 + index, column: 9 },
    config: {},
    inputShape: [null, 28, 28, 32],
    outputShape: [null, 28, 28, 32],
    inbound: index === 0 ? [] : [index - 1],
    isOutput: false,
    weights: own,
  };
}
