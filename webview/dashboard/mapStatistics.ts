import type { StatisticName } from "../../src/stats/catalogue.js";
import type { StringKey } from "../shared/strings.js";

export interface MapStatistic {
  readonly statistic: StatisticName;
  readonly label: StringKey;
  /** Ends of the colour scale in the shown (possibly logarithmic) unit; null = from the data. */
  readonly scale: readonly [number, number] | null;
  /** Shown as base-10 logarithm. */
  readonly logarithmic: boolean;
}

function entry(
  statistic: StatisticName,
  label: StringKey,
  scale: readonly [number, number] | null,
  logarithmic = false,
): MapStatistic {
  return { statistic, label, scale, logarithmic };
}

/** What the health map can show; fixed scales end where the rules call it an error. */
export const mapStatistics: readonly MapStatistic[] = [
  entry("referenceDrift", "statReferenceDrift", [0, 2]),
  entry("meanShift", "statMeanShift", [0, 1]),
  entry("logVarianceRatio", "statLogVarianceRatio", [0, Math.log(4)]),
  entry("betweenBatchVariance", "statBetweenBatchVariance", [0, 1]),
  entry("meanDrift", "statMeanDrift", null),
  entry("varianceDrift", "statVarianceDrift", null),
  entry("zeroFraction", "statZeroFraction", [0, 1]),
  entry("deadFraction", "statDeadFraction", [0, 1]),
  entry("saturatedFraction", "statSaturatedFraction", [0, 1]),
  entry("updateRatio", "statUpdateRatio", [-6, 0], true),
  entry("gradientNorm", "statGradientNorm", null, true),
  entry("nanCount", "statNanCount", null),
  entry("mean", "statMean", null),
  entry("variance", "statVariance", null),
];

/** A cell's value in the shown unit; NaN = not captured, Infinity = a NaN or Inf was there. */
export function shownValue({ logarithmic }: MapStatistic, value: number): number {
  return logarithmic && Number.isFinite(value) ? Math.log10(Math.max(value, 1e-300)) : value;
}

const robustShare = 0.98;

/** Ends of the scale: fixed, or from the data without its most extreme fiftieth. */
export function scaleEnds(chosen: MapStatistic, values: Float64Array): readonly [number, number] {
  if (chosen.scale !== null) return chosen.scale;
  const finite: number[] = [];
  const stride = Math.max(1, Math.floor(values.length / 20_000));
  for (let i = 0; i < values.length; i += stride) {
    const value = shownValue(chosen, values[i] as number);
    if (Number.isFinite(value)) finite.push(value);
  }
  if (finite.length === 0) return [0, 1];
  finite.sort((a, b) => a - b);
  const low =
    chosen.logarithmic || (finite[0] as number) < 0
      ? (finite[Math.floor((1 - robustShare) * (finite.length - 1))] as number)
      : 0;
  const high = finite[Math.ceil(robustShare * (finite.length - 1))] as number;
  return high > low ? [low, high] : [low, low + 1];
}
