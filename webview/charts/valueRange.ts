import type { Points } from "./points.js";
import { indexAt } from "./points.js";
import type { StepRange } from "./viewport.js";

export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

export interface RangeOptions {
  /** One outlier must not flatten the rest: what lies far outside the bulk is left to a mark at the edge. */
  readonly robust: boolean;
  readonly logarithmic: boolean;
  readonly includeZero: boolean;
}

const sampleSize = 256;
/** The bulk is what lies between these quantiles, widened by its own width times `fence` on either side. */
const bulkTail = 0.02;
const fence = 2;
const sample = new Float64Array(sampleSize + 8);

/** Range of the finite values of `lines` within the shown steps; null when there are none. */
export function valueRange(lines: readonly Points[], shown: StepRange, options: RangeOptions): ValueRange | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sampled = 0;
  const perLine = Math.max(8, Math.floor(sampleSize / Math.max(1, lines.length * 2)));
  for (const { step, low, high, length } of lines) {
    if (length === 0) continue;
    const first = Math.max(0, indexAt({ step, length } as Points, shown.from));
    const last = Math.min(length - 1, indexAt({ step, length } as Points, shown.to) + 1);
    const stride = Math.max(1, Math.ceil((last - first + 1) / perLine));
    for (let i = first; i <= last; i++) {
      const lower = low[i] as number;
      const upper = high[i] as number;
      if (!(lower > Number.NEGATIVE_INFINITY && upper < Number.POSITIVE_INFINITY)) continue;
      if (options.logarithmic && lower <= 0) {
        if (upper > 0 && upper < min) min = upper;
      } else if (lower < min) min = lower;
      if (upper > max) max = upper;
      if ((i - first) % stride === 0 && sampled + 2 <= sample.length) {
        sample[sampled++] = lower;
        sample[sampled++] = upper;
      }
    }
  }
  if (min > max) return null;
  if (options.robust && !options.logarithmic && sampled >= 16) ({ min, max } = withinFence(min, max, sampled));
  if (options.includeZero && !options.logarithmic) {
    min = Math.min(0, min);
    max = Math.max(0, max);
  }
  return padded(min, max, options.logarithmic);
}

/** Keeps the old range while the new one fits it and fills most of it, so that axes do not jitter. */
export function steadyRange(old: ValueRange | null, wanted: ValueRange): ValueRange {
  if (old === null || wanted.min < old.min || wanted.max > old.max) return wanted;
  return (wanted.max - wanted.min) / (old.max - old.min) > 0.6 ? old : wanted;
}

function withinFence(min: number, max: number, sampled: number): ValueRange {
  const sorted = sample.subarray(0, sampled).sort();
  const lower = sorted[Math.ceil(bulkTail * (sampled - 1))] as number;
  const upper = sorted[Math.floor((1 - bulkTail) * (sampled - 1))] as number;
  const width = upper - lower;
  if (width <= 0) return { min, max };
  return {
    min: min < lower - fence * width ? lower - 0.3 * width : min,
    max: max > upper + fence * width ? upper + 0.3 * width : max,
  };
}

function padded(min: number, max: number, logarithmic: boolean): ValueRange {
  if (logarithmic) return { min: min / 1.15, max: Math.max(max, min * 1.01) * 1.15 };
  const width = max - min;
  if (width === 0) {
    const half = min === 0 ? 1 : Math.abs(min) * 0.1;
    return { min: min - half, max: max + half };
  }
  const room = width * 0.06;
  return { min: min === 0 ? 0 : min - room, max: max === 0 ? 0 : max + room };
}
