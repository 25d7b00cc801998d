import type { EpochMetrics } from "../../src/protocol/views.js";
import type { LayerInfo, WeightInfo } from "../../src/run/format.js";
import type { ProbeName } from "../../src/run/probes.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import { isBatchNorm } from "../shared/isBatchNorm.js";
import { t } from "../shared/translate.js";
import type { ChartSpec, TraceSpec } from "./chartSpec.js";
import { bandBetween, bandFromZero, deviationBand, logarithm, noPoints, type Points } from "./points.js";
import { styleCycle, styles, type TraceStyle } from "./traceStyle.js";

const first = (series: readonly Points[]): Points => series[0] ?? noPoints;

function line(layer: number, statistic: StatisticName, label: string, style: TraceStyle): TraceSpec {
  return { id: statistic, label, kind: "line", style, keys: [{ layer, statistic }], derive: first };
}

function band(
  id: string,
  layer: number,
  [a, b]: readonly [StatisticName, StatisticName],
  label: string,
  derive: (a: Points, b: Points) => Points,
): TraceSpec {
  return {
    id,
    label,
    kind: "band",
    style: styles.band,
    keys: [
      { layer, statistic: a },
      { layer, statistic: b },
    ],
    derive: ([one = noPoints, two = noPoints]) => derive(one, two),
  };
}

const signed = { mayBeLogarithmic: false, includeZero: false };
const positive = { mayBeLogarithmic: true, includeZero: false };
const share = { mayBeLogarithmic: false, includeZero: true };

/** `steps` series have no layer. */
const steps = -1;

export function lossChart(): ChartSpec {
  const traces = [line(steps, "loss", t("loss"), styles.batch)];
  return { kind: "loss", title: t("lossPerStep"), unit: "", layer: null, traces, ...positive };
}

export function learningRateChart(): ChartSpec {
  const traces = [line(steps, "learningRate", t("learningRate"), styles.third)];
  return { kind: "learning-rate", title: t("learningRate"), unit: "", layer: null, traces, ...positive };
}

export function stepTimeChart(): ChartSpec {
  const traces = [
    line(steps, "stepMs", t("stepTime"), styles.fourth),
    line(steps, "overheadMs", t("overhead"), styles.running),
  ];
  return { kind: "step-time", title: t("stepTime"), unit: t("unitMs"), layer: null, traces, ...positive };
}

/** Of the whole model; only of probes that run. */
export function probeCharts(probes: readonly ProbeName[]): ChartSpec[] {
  const common = { unit: "", layer: null, ...positive };
  const charts: Partial<Record<ProbeName, readonly ChartSpec[]>> = {
    gap: [
      {
        kind: "train-inference-gap",
        title: t("gapChart"),
        traces: [
          line(steps, "lossByBatch", t("legendOwn"), styles.batch),
          line(steps, "lossByRunning", t("legendRunning"), styles.running),
        ],
        ...common,
      },
    ],
    landscape: [
      {
        kind: "landscape",
        title: t("landscapeChart"),
        traces: [band("landscape", steps, ["landscapeMin", "landscapeMax"], t("legendRange"), bandBetween)],
        ...common,
      },
      {
        kind: "predictiveness",
        title: t("predictivenessChart"),
        traces: [
          band("predictiveness", steps, ["predictivenessMin", "predictivenessMax"], t("legendRange"), bandBetween),
          line(steps, "effectiveSmoothness", t("legendSmoothness"), styles.third),
        ],
        ...common,
      },
    ],
  };
  return probes.flatMap((name) => charts[name] ?? []);
}

function layerProbeCharts(layer: LayerInfo, probes: readonly ProbeName[]): ChartSpec[] {
  const { index } = layer;
  const precise: ChartSpec = {
    kind: "precise-shift",
    title: t("preciseShift"),
    unit: "",
    layer,
    traces: [
      line(index, "preciseMeanShift", t("legendPreciseShift"), styles.batch),
      line(index, "preciseLogVarianceRatio", t("legendPreciseRatio"), styles.third),
    ],
    ...share,
  };
  const shift: ChartSpec = {
    kind: "gradient-shift",
    title: t("gradientShift"),
    unit: "",
    layer,
    traces: [
      line(index, "gradientShift", t("legendMoved"), styles.batch),
      line(index, "gradientShiftCosine", t("legendCosine"), styles.running),
    ],
    ...signed,
  };
  return [
    ...(probes.includes("precise") && isBatchNorm(layer) ? [precise] : []),
    ...(probes.includes("shift") && layer.weights.length > 0 ? [shift] : []),
  ];
}

/** One chart for each quantity that the script logs at the end of an epoch; `val_x` is drawn with `x`. */
export function metricCharts(epochs: readonly EpochMetrics[]): ChartSpec[] {
  const names = new Set<string>();
  for (const { logs } of epochs) for (const name of Object.keys(logs)) names.add(name);
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const group = name.replace(/^val_/, "");
    groups.set(
      group,
      [...(groups.get(group) ?? []), name].sort((a, b) => a.length - b.length),
    );
  }
  return [...groups].map(([group, members]) => ({
    kind: `metric-${group}`,
    title: t("metric", group),
    unit: "",
    layer: null,
    traces: members.map((name, i) => metricLine(name, i, epochs)),
    ...signed,
  }));
}

function metricLine(name: string, index: number, epochs: readonly EpochMetrics[]): TraceSpec {
  const points = metricPoints(name, epochs);
  const style = styleCycle[index % styleCycle.length] ?? styles.batch;
  return { id: name, label: name, kind: "line", style, keys: [], derive: () => points };
}

/** A log that is not a number ("NaN", "Infinity") is NaN: it gets a mark. */
function metricPoints(name: string, epochs: readonly EpochMetrics[]): Points {
  const present = epochs.filter(({ logs }) => name in logs);
  const value = Float64Array.from(present, ({ logs }) => {
    const logged = Number(logs[name]);
    return Number.isFinite(logged) ? logged : Number.NaN;
  });
  const step = Float64Array.from(present, (epoch) => epoch.step);
  const nonfinite = present.filter((_, i) => Number.isNaN(value[i])).map((epoch) => epoch.step);
  return { length: value.length, step, value, low: value, high: value, nonfinite };
}

/** The one chart of a layer where there is room for one only. */
export function glanceChart(layer: LayerInfo): ChartSpec {
  return isBatchNorm(layer) ? batchRunningMean(layer) : meanDeviation(layer);
}

function batchRunningMean(layer: LayerInfo): ChartSpec {
  const traces = [
    line(layer.index, "batchMean", t("legendBatch"), styles.batch),
    line(layer.index, "runningMean", t("legendRunning"), styles.running),
  ];
  const title = t("batchAndRunningMean");
  return { kind: "batch-running-mean", title, unit: t("meanOverChannels"), layer, traces, ...signed };
}

function batchRunningVariance(layer: LayerInfo): ChartSpec {
  const traces = [
    line(layer.index, "batchVariance", t("legendBatch"), styles.batch),
    line(layer.index, "runningVariance", t("legendRunning"), styles.running),
  ];
  const title = t("batchAndRunningVariance");
  return { kind: "batch-running-variance", title, unit: t("meanOverChannels"), layer, traces, ...positive };
}

/** meanShift beside what sampling alone explains. */
function meanShift(layer: LayerInfo): ChartSpec {
  const chance: TraceSpec = {
    id: "samplingNull",
    label: t("legendChance"),
    kind: "band",
    style: styles.chance,
    keys: [{ layer: layer.index, statistic: "samplingNull" }],
    derive: (series) => bandFromZero(first(series)),
  };
  const traces = [chance, line(layer.index, "meanShift", t("legendShift", 20), styles.batch)];
  return { kind: "mean-shift", title: t("meanShift"), unit: t("unitRunningSigma"), layer, traces, ...share };
}

function meanDeviation(layer: LayerInfo): ChartSpec {
  const traces = [
    band("deviation", layer.index, ["mean", "variance"], t("legendDeviation"), deviationBand),
    line(layer.index, "mean", t("legendMean"), styles.batch),
  ];
  return { kind: "mean-deviation", title: t("meanDeviation"), unit: "", layer, traces, ...signed };
}

/** Everything the layer view draws for one layer, in order. */
export function layerCharts(
  layer: LayerInfo,
  weights: readonly WeightInfo[],
  probes: readonly ProbeName[] = [],
): ChartSpec[] {
  const { index } = layer;
  const batchNorm: ChartSpec[] = isBatchNorm(layer)
    ? [
        batchRunningMean(layer),
        batchRunningVariance(layer),
        meanShift(layer),
        {
          kind: "log-variance-ratio",
          title: t("logVarianceRatio"),
          unit: t("unitNats"),
          layer,
          traces: [
            line(index, "logVarianceRatio", t("legendRatio"), styles.batch),
            line(index, "betweenBatchVariance", t("legendBetween"), styles.third),
          ],
          ...share,
        },
        {
          kind: "gamma-beta",
          title: t("gammaBeta"),
          unit: t("meanOverChannels"),
          layer,
          traces: [
            line(index, "gamma", t("legendGamma"), styles.fourth),
            line(index, "beta", t("legendBeta"), styles.third),
          ],
          ...signed,
        },
      ]
    : [];
  return [...batchNorm, ...outputCharts(layer), ...weightCharts(layer, weights), ...layerProbeCharts(layer, probes)];
}

function outputCharts(layer: LayerInfo): ChartSpec[] {
  const { index } = layer;
  return [
    meanDeviation(layer),
    {
      kind: "percentiles",
      title: t("percentiles"),
      unit: t("unitRank"),
      layer,
      traces: [
        band("percentiles", index, ["p15", "p85"], t("legendPercentiles"), bandBetween),
        line(index, "p50", t("legendMedian"), styles.batch),
      ],
      ...signed,
    },
    {
      kind: "input-mean-deviation",
      title: t("inputMeanDeviation"),
      unit: "",
      layer,
      traces: [
        band("inputDeviation", index, ["inputMean", "inputVariance"], t("legendDeviation"), deviationBand),
        line(index, "inputMean", t("legendMean"), styles.batch),
      ],
      ...signed,
    },
    {
      kind: "drift",
      title: t("drift"),
      unit: "",
      layer,
      traces: [
        line(index, "meanDrift", t("legendMeanDrift"), styles.batch),
        line(index, "varianceDrift", t("legendVarianceDrift"), styles.running),
        line(index, "referenceDrift", t("legendReference"), styles.third),
      ],
      ...positive,
    },
    {
      kind: "fractions",
      title: t("fractions"),
      unit: "",
      layer,
      traces: [
        line(index, "zeroFraction", t("legendZero"), styles.batch),
        line(index, "deadFraction", t("legendDead"), styles.running),
        line(index, "saturatedFraction", t("legendSaturated"), styles.third),
      ],
      ...share,
    },
  ];
}

function weightCharts(layer: LayerInfo, weights: readonly WeightInfo[]): ChartSpec[] {
  const own = layer.weights.map((index) => weights[index]).filter((weight) => weight !== undefined);
  const trained = own.filter((weight) => !/moving_(mean|variance)/.test(weight.name));
  if (trained.length === 0) return [];
  const lines = (statistic: StatisticName, derive = first): TraceSpec[] =>
    trained.map((weight, i) => ({
      id: `${statistic}-${weight.index}`,
      label: weight.name.split("/").at(-1) ?? weight.name,
      kind: "line",
      style: styleCycle[i % styleCycle.length] ?? styles.batch,
      keys: [{ layer: layer.index, statistic, weight: weight.index }],
      derive,
    }));
  const log = (series: readonly Points[]) => logarithm(first(series));
  return [
    { kind: "gradient-norm", title: t("gradientNorm"), unit: "", layer, traces: lines("gradientNorm"), ...positive },
    { kind: "update-ratio", title: t("updateRatio"), unit: "", layer, traces: lines("updateRatio", log), ...signed },
    { kind: "weight-norm", title: t("weightNorm"), unit: "", layer, traces: lines("weightNorm"), ...positive },
  ];
}
