import type { ComparedRun, ViewAxis } from "../../src/protocol/views.js";
import type { LayerInfo } from "../../src/run/format.js";
import { type StatisticName, scalarColumns } from "../../src/stats/catalogue.js";
import { isBatchNorm } from "../shared/isBatchNorm.js";
import type { StringKey } from "../shared/strings.js";
import { t } from "../shared/translate.js";
import { epochUnits } from "./axisText.js";
import type { ChartSpec, TraceSpec } from "./chartSpec.js";
import { difference, noPoints, type Points } from "./points.js";
import { runStyles, styles } from "./traceStyle.js";

/** How the runs are drawn over each other. */
export interface Overlay {
  readonly runs: readonly ComparedRun[];
  readonly axis: ViewAxis;
  /** Each run minus the first, instead of the values. */
  readonly isDifference: boolean;
}

interface ComparedStatistic {
  readonly name: StatisticName;
  readonly title: StringKey;
  readonly mayBeLogarithmic?: boolean;
}

const ofSteps: readonly ComparedStatistic[] = [
  { name: "loss", title: "lossPerStep", mayBeLogarithmic: true },
  { name: "stepMs", title: "stepTime", mayBeLogarithmic: true },
  { name: "learningRate", title: "learningRate", mayBeLogarithmic: true },
];
const ofBatchNorm: readonly ComparedStatistic[] = [
  { name: "meanShift", title: "statMeanShift", mayBeLogarithmic: true },
  { name: "logVarianceRatio", title: "statLogVarianceRatio" },
  { name: "betweenBatchVariance", title: "statBetweenBatchVariance" },
  { name: "batchMean", title: "statBatchMean" },
  { name: "runningMean", title: "statRunningMean" },
  { name: "batchVariance", title: "statBatchVariance", mayBeLogarithmic: true },
  { name: "runningVariance", title: "statRunningVariance", mayBeLogarithmic: true },
  { name: "gamma", title: "statGamma" },
  { name: "beta", title: "statBeta" },
];
const ofOutput: readonly ComparedStatistic[] = [
  { name: "mean", title: "statMean" },
  { name: "variance", title: "statVariance", mayBeLogarithmic: true },
  { name: "referenceDrift", title: "statReferenceDrift", mayBeLogarithmic: true },
  { name: "zeroFraction", title: "statZeroFraction" },
  { name: "deadFraction", title: "statDeadFraction" },
  { name: "saturatedFraction", title: "statSaturatedFraction" },
];
const ofKernel: readonly ComparedStatistic[] = [
  { name: "gradientNorm", title: "gradientNorm", mayBeLogarithmic: true },
  { name: "updateRatio", title: "updateRatioPlain", mayBeLogarithmic: true },
  { name: "weightNorm", title: "weightNorm", mayBeLogarithmic: true },
];

/** What can be compared of a layer, the most telling first. */
export function comparedStatistics(layer: LayerInfo): readonly ComparedStatistic[] {
  const kernel = layer.weights.length > 0 ? ofKernel : [];
  return isBatchNorm(layer) ? [...ofBatchNorm, ...ofOutput, ...kernel] : [...ofOutput, ...kernel];
}

/** One statistic of a layer in every run that has the layer. */
export function comparedLayerChart(layer: LayerInfo, statistic: ComparedStatistic, overlay: Overlay): ChartSpec {
  const [weight] = layer.weights;
  const ofWeight = (scalarColumns.weights as readonly string[]).includes(statistic.name) && weight !== undefined;
  const key = { layer: layer.index, statistic: statistic.name, ...(ofWeight ? { weight } : {}) };
  return chart(layer, statistic, overlay, (run) => ({ ...key, run }));
}

/** One layer beside others: its name is the title. `wanted` where the layer has it, else the mean of its output. */
export function differingLayerChart(layer: LayerInfo, wanted: string, overlay: Overlay): ChartSpec {
  const has = comparedStatistics(layer);
  const statistic = has.find(({ name }) => name === wanted) ?? (ofOutput[0] as ComparedStatistic);
  const { title, ...spec } = comparedLayerChart(layer, statistic, overlay);
  return { ...spec, kind: `differing-${layer.index}-${statistic.name}`, title: layer.name, unit: title, layer: null };
}

/** Loss, step time and learning rate of every run. */
export function comparedStepCharts(overlay: Overlay): ChartSpec[] {
  return ofSteps.map((statistic) =>
    chart(null, statistic, overlay, (run) => ({ layer: -1, statistic: statistic.name, run })),
  );
}

/** What the scripts log at the end of each epoch. */
export function comparedMetricCharts({ runs, axis, isDifference }: Overlay): ChartSpec[] {
  const names = new Set(runs.flatMap(({ epochs }) => epochs.flatMap(({ logs }) => Object.keys(logs))));
  return [...names].map((name) => {
    const points = runs.map((run) => metricPoints(name, run, axis));
    const shown = (run: number) => (isDifference ? difference(points[run], points[0]) : (points[run] ?? noPoints));
    const title = t("metric", name);
    return {
      kind: `compare-metric-${name}`,
      title: isDifference ? t("differenceOf", title) : title,
      unit: "",
      layer: null,
      traces: tracesOf(runs, isDifference, name, (run) => ({ keys: [], derive: () => shown(run) })),
      mayBeLogarithmic: false,
      includeZero: isDifference,
    };
  });
}

function chart(
  layer: LayerInfo | null,
  { name, title, mayBeLogarithmic = false }: ComparedStatistic,
  { runs, isDifference }: Overlay,
  key: (run: number) => TraceSpec["keys"][number],
): ChartSpec {
  const has = (run: ComparedRun) => layer === null || !run.missingLayers.includes(layer.index);
  const traces = tracesOf(runs, isDifference, name, (run) =>
    isDifference
      ? { keys: [key(run), key(0)], derive: ([own, first]) => difference(own, first) }
      : { keys: [key(run)], derive: ([own]) => own ?? noPoints },
  );
  return {
    kind: `compare-${name}`,
    title: isDifference ? t("differenceOf", t(title)) : t(title),
    unit: "",
    layer,
    traces: traces.filter(({ run }) => has(runs[run] as ComparedRun)),
    mayBeLogarithmic: mayBeLogarithmic && !isDifference,
    includeZero: isDifference,
  };
}

function tracesOf(
  runs: readonly ComparedRun[],
  isDifference: boolean,
  statistic: string,
  make: (run: number) => Pick<TraceSpec, "keys" | "derive">,
): (TraceSpec & { readonly run: number })[] {
  return runs.flatMap(({ name }, run) => {
    if (isDifference && run === 0) return [];
    const style = runStyles[run] ?? styles.batch;
    return [{ run, id: `${statistic}-run${run}`, label: name, kind: "line" as const, style, ...make(run) }];
  });
}

/** A log that is not a number is NaN: it gets a mark. */
function metricPoints(name: string, { epochs }: ComparedRun, axis: ViewAxis): Points {
  const present = epochs.flatMap((epoch) => {
    const place = { step: epoch.step, epoch: (epoch.epoch + 1) * epochUnits, time: epoch.timeMs ?? null }[axis];
    return name in epoch.logs && place !== null ? [{ place, logged: Number(epoch.logs[name]) }] : [];
  });
  const step = Float64Array.from(present, ({ place }) => place);
  const value = Float64Array.from(present, ({ logged }) => (Number.isFinite(logged) ? logged : Number.NaN));
  const nonfinite = present.filter((_, i) => Number.isNaN(value[i])).map(({ place }) => place);
  return { length: value.length, step, value, low: value, high: value, nonfinite };
}
