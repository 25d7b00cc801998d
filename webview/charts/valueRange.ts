import type { Points } from "./points.js";
import { indexAt } from "./points.js";
import type { StepRange } from "./viewport.js";

export interface ValueRange {
  readonly min: number;
  readonly max: number;
  /** Some values lie outside. */
  readonly clipped: boolean;
}

export interface RangeOptions {
  /** One outlier must not flatten the rest: what lies far outside the bulk is left to a mark at the edge. */
  readonly robust: boolean;
  readonly logarithmic: boolean;
  readonly includeZero: boolean;
}

const sampleSize = 192;
/** The bulk is what lies between these quantiles, widened by its own width times `fence` on either side. */
const bulkTail = 0.02;
const fence = 2;
const steadyShare = 0.6;
const sample = new Float64Array(sampleSize + 8);

/**
 * Range of the finite values of `lines` within the shown steps; null when there are none.
 * @param old kept while the values fit it and fill most of it, so that axes do not jitter
 */
export function valueRange(
  lines: readonly Points[],
  shown: StepRange,
  options: RangeOptions,
  old: ValueRange | null = null,
): ValueRange | null {
  const found = extremes(lines, shown, options.logarithmic);
  if (found === null) return null;
  const { lowest, highest } = found;
  if (old !== null && !old.clipped && lowest >= old.min && highest <= old.max) {
    const from = options.includeZero ? Math.min(0, lowest) : lowest;
    const to = options.includeZero ? Math.max(0, highest) : highest;
    if ((to - from) / (old.max - old.min) > steadyShare) return old;
  }
  const robust = options.robust && !options.logarithmic;
  let { min, max } = robust ? withinFence(lines, shown, lowest, highest) : { min: lowest, max: highest };
  if (options.includeZero && !options.logarithmic) {
    min = Math.min(0, min);
    max = Math.max(0, max);
  }
  const wanted = padded(min, max, options.logarithmic);
  const fits = old !== null && wanted.min >= old.min && wanted.max <= old.max;
  const kept = fits && (wanted.max - wanted.min) / (old.max - old.min) > steadyShare ? old : wanted;
  return { min: kept.min, max: kept.max, clipped: lowest < kept.min || highest > kept.max };
}

function shownIndexes(points: Points, { from, to }: StepRange): readonly [number, number] {
  return [Math.max(0, indexAt(points, from)), Math.min(points.length - 1, indexAt(points, to) + 1)];
}

/** Smallest and largest finite value; on a logarithmic scale, positive value. */
function extremes(lines: readonly Points[], shown: StepRange, logarithmic: boolean) {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const points of lines) {
    const { low, high } = points;
    const [first, last] = shownIndexes(points, shown);
    for (let i = first; i <= last; i++) {
      const lower = low[i] as number;
      const upper = high[i] as number;
      if (!(lower > Number.NEGATIVE_INFINITY && upper < Number.POSITIVE_INFINITY)) continue;
      if (upper > highest) highest = upper;
      const counted = logarithmic && lower <= 0 ? upper : lower;
      if (counted < lowest && !(logarithmic && counted <= 0)) lowest = counted;
    }
  }
  return lowest <= highest ? { lowest, highest } : null;
}

function withinFence(lines: readonly Points[], shown: StepRange, lowest: number, highest: number) {
  let sampled = 0;
  const perLine = Math.max(8, Math.floor(sampleSize / Math.max(1, lines.length * 2)));
  for (const points of lines) {
    const [first, last] = shownIndexes(points, shown);
    const stride = Math.max(1, Math.ceil((last - first + 1) / perLine));
    for (let i = first; i <= last && sampled + 2 <= sample.length; i += stride) {
      const lower = points.low[i] as number;
      const upper = points.high[i] as number;
      if (!(lower > Number.NEGATIVE_INFINITY && upper < Number.POSITIVE_INFINITY)) continue;
      sample[sampled++] = lower;
      sample[sampled++] = upper;
    }
  }
  if (sampled < 16) return { min: lowest, max: highest };
  const sorted = sample.subarray(0, sampled).sort();
  const lower = sorted[Math.ceil(bulkTail * (sampled - 1))] as number;
  const upper = sorted[Math.floor((1 - bulkTail) * (sampled - 1))] as number;
  const width = upper - lower;
  if (width <= 0) return { min: lowest, max: highest };
  return {
    min: lowest < lower - fence * width ? lower - 0.3 * width : lowest,
    max: highest > upper + fence * width ? upper + 0.3 * width : highest,
  };
}

function padded(min: number, max: number, logarithmic: boolean): { readonly min: number; readonly max: number } {
  if (logarithmic) return { min: min / 1.15, max: Math.max(max, min * 1.01) * 1.15 };
  const width = max - min;
  if (width === 0) {
    const half = min === 0 ? 1 : Math.abs(min) * 0.1;
    return { min: min - half, max: max + half };
  }
  const room = width * 0.06;
  return { min: min === 0 ? 0 : min - room, max: max === 0 ? 0 : max + room };
}
