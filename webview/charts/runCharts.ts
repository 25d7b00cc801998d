import type { EpochMetrics } from "../../src/protocol/views.js";
import type { ProbeName } from "../../src/run/probes.js";
import { t } from "../shared/translate.js";
import type { ChartSpec, TraceSpec } from "./chartSpec.js";
import { bandBetween, type Points } from "./points.js";
import { band, line, positive, signed } from "./traceSpecs.js";
import { styleCycle, styles } from "./traceStyle.js";

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
