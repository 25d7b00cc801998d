import type { StatisticName } from "../../src/stats/catalogue.js";
import type { TraceSpec } from "./chartSpec.js";
import { noPoints, type Points } from "./points.js";
import { styles, type TraceStyle } from "./traceStyle.js";

/** Most traces are their series as it is. */
export const first = (series: readonly Points[]): Points => series[0] ?? noPoints;

export function line(layer: number, statistic: StatisticName, label: string, style: TraceStyle): TraceSpec {
  return { id: statistic, label, kind: "line", style, keys: [{ layer, statistic }], derive: first };
}

export function band(
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

export const signed = { mayBeLogarithmic: false, includeZero: false };
export const positive = { mayBeLogarithmic: true, includeZero: false };
export const share = { mayBeLogarithmic: false, includeZero: true };
