import type { LayerInfo } from "../../src/run/format.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import { isBatchNorm } from "../shared/isBatchNorm.js";
import type { StringKey } from "../shared/strings.js";

export interface MapStatistic {
  readonly statistic: StatisticName;
  readonly label: StringKey;
  /** Ends of the colour scale in the shown (possibly logarithmic) unit; null = from the data. */
  readonly scale: readonly [number, number] | null;
  /** Shown as base-10 logarithm. */
  readonly logarithmic: boolean;
  /** Colours follow the square root, so that what is far from an error can be told apart too. */
  readonly isSpread: boolean;
}

function entry(
  statistic: StatisticName,
  label: StringKey,
  scale: readonly [number, number] | null,
  { logarithmic = false, isSpread = false }: Partial<Pick<MapStatistic, "logarithmic" | "isSpread">> = {},
): MapStatistic {
  return { statistic, label, scale, logarithmic, isSpread };
}

/** What the health map can show; fixed scales end where the rules call it an error. */
export const mapStatistics: readonly MapStatistic[] = [
  entry("referenceDrift", "statReferenceDrift", [0, 2], { isSpread: true }),
  entry("meanShift", "statMeanShift", [0, 1], { isSpread: true }),
  entry("logVarianceRatio", "statLogVarianceRatio", [0, Math.log(4)], { isSpread: true }),
  entry("betweenBatchVariance", "statBetweenBatchVariance", [0, 1], { isSpread: true }),
  entry("meanDrift", "statMeanDrift", null),
  entry("varianceDrift", "statVarianceDrift", null),
  entry("zeroFraction", "statZeroFraction", [0, 1]),
  entry("deadFraction", "statDeadFraction", [0, 1]),
  entry("saturatedFraction", "statSaturatedFraction", [0, 1]),
  entry("updateRatio", "statUpdateRatio", [-6, 0], { logarithmic: true }),
  entry("gradientNorm", "statGradientNorm", null, { logarithmic: true }),
  entry("nanCount", "statNanCount", null),
  entry("mean", "statMean", null),
  entry("variance", "statVariance", null),
];

/** A cell's value in the shown unit; NaN = not captured, Infinity = a NaN or Inf was there. */
export function shownValue({ logarithmic }: MapStatistic, value: number): number {
  return logarithmic && Number.isFinite(value) ? Math.log10(Math.max(value, 1e-300)) : value;
}

/** Place of a shown value between the ends of the scale, 0 … 1. */
export function shareOf({ isSpread }: MapStatistic, [low, high]: readonly [number, number], shown: number): number {
  const share = Math.min(1, Math.max(0, (shown - low) / (high - low)));
  return isSpread ? Math.sqrt(share) : share;
}

/** The shown value that has the colour in the middle of the scale. */
export function middleOf({ isSpread }: MapStatistic, [low, high]: readonly [number, number]): number {
  return low + (high - low) * (isSpread ? 0.25 : 0.5);
}

/** What tells most of these layers: how far inference is from training where there is BatchNorm. */
export function mostTelling(layers: readonly Pick<LayerInfo, "className">[]): StatisticName {
  return layers.some(isBatchNorm) ? "meanShift" : "referenceDrift";
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
