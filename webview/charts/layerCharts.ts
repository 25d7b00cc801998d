import type { LayerInfo, WeightInfo } from "../../src/run/format.js";
import type { ProbeName } from "../../src/run/probes.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import { isBatchNorm } from "../shared/isBatchNorm.js";
import { t } from "../shared/translate.js";
import type { ChartSpec, TraceSpec } from "./chartSpec.js";
import { bandBetween, bandFromZero, deviationBand, logarithm, type Points } from "./points.js";
import { band, first, line, positive, share, signed } from "./traceSpecs.js";
import { styleCycle, styles } from "./traceStyle.js";

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
