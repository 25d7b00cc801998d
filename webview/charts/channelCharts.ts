import type { LayerInfo } from "../../src/run/format.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import type { StringKey } from "../shared/strings.js";
import { t } from "../shared/translate.js";
import type { ChartSpec } from "./chartSpec.js";
import { noPoints } from "./points.js";
import { styles, type TraceStyle } from "./traceStyle.js";

type Line = readonly [StatisticName, StringKey, TraceStyle];

/** Numbers of a channel that say more together. */
const together: readonly (readonly Line[])[] = [
  [
    ["batchMean", "legendBatch", styles.batch],
    ["runningMean", "legendRunning", styles.running],
  ],
  [
    ["batchVariance", "legendBatch", styles.batch],
    ["runningVariance", "legendRunning", styles.running],
  ],
  [
    ["gamma", "legendGamma", styles.fourth],
    ["beta", "legendBeta", styles.third],
  ],
];

/** One channel's own value over the steps, with the number that belongs to it. */
export function channelChart(layer: LayerInfo, statistic: StatisticName, label: StringKey, channel: number): ChartSpec {
  const alone: readonly Line[] = [[statistic, label, styles.batch]];
  const lines = together.find((group) => group.some(([name]) => name === statistic)) ?? alone;
  return {
    kind: "channel",
    title: t("channelOverTime", channel, t(label)),
    unit: "",
    layer,
    traces: lines.map(([name, legend, style]) => ({
      id: `${name}-channel${channel}`,
      label: t(legend),
      kind: "line",
      style,
      keys: [{ layer: layer.index, statistic: name, channel }],
      derive: ([points]) => points ?? noPoints,
    })),
    mayBeLogarithmic: false,
    includeZero: false,
  };
}
