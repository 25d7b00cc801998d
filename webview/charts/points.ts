/** Points of one line or band, oldest first. Only the first `length` entries of the arrays hold. */
export interface Points {
  readonly length: number;
  readonly step: Float64Array;
  /** NaN: the bucket holds a NaN or Inf. For a band: its middle. */
  readonly value: Float64Array;
  /** Smallest and largest of each bucket, or the edges of a band. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Steps with a NaN or Inf value. */
  readonly nonfinite: readonly number[];
  /** Some captured steps between the points were not read. */
  readonly isSample?: boolean;
}

export const noPoints: Points = {
  length: 0,
  step: new Float64Array(0),
  value: new Float64Array(0),
  low: new Float64Array(0),
  high: new Float64Array(0),
  nonfinite: [],
};

/** Index of the last point at or before `step`; -1 when there is none. */
export function indexAt(points: Points, step: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points.step[middle] as number) <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Calls back for every step that both have, with the indexes in each. */
function join(a: Points, b: Points, each: (a: number, b: number) => void): void {
  let j = 0;
  for (let i = 0; i < a.length; i++) {
    const step = a.step[i] as number;
    while (j < b.length && (b.step[j] as number) < step) j++;
    if (j < b.length && b.step[j] === step) each(i, j);
  }
}

function combine(a: Points, b: Points, edges: (i: number, j: number) => readonly [number, number, number]): Points {
  const capacity = Math.min(a.length, b.length);
  const step = new Float64Array(capacity);
  const value = new Float64Array(capacity);
  const low = new Float64Array(capacity);
  const high = new Float64Array(capacity);
  let length = 0;
  join(a, b, (i, j) => {
    step[length] = a.step[i] as number;
    [low[length], value[length], high[length]] = edges(i, j) as [number, number, number];
    length++;
  });
  return { length, step, value, low, high, nonfinite: a.nonfinite };
}

/** mean ± standard deviation; both in the unit of the mean. */
export function deviationBand(mean: Points, variance: Points): Points {
  return combine(mean, variance, (i, j) => {
    const middle = mean.value[i] as number;
    const deviation = Math.sqrt(Math.max(0, variance.value[j] as number));
    return [middle - deviation, middle, middle + deviation];
  });
}

export function bandBetween(lower: Points, upper: Points): Points {
  return combine(lower, upper, (i, j) => {
    const low = lower.value[i] as number;
    const high = upper.value[j] as number;
    return [low, (low + high) / 2, high];
  });
}

/** From 0 up to the values. */
export function bandFromZero(points: Points): Points {
  return { ...points, low: new Float64Array(points.length), high: points.value };
}

/**
 * `own` minus `first`, at the places of `own` that `first` covers. Where `first` has no point there, its value is
 * interpolated between the two around it; NaN on either side stays NaN.
 */
export function difference(own: Points = noPoints, first: Points = noPoints): Points {
  const step = new Float64Array(own.length);
  const value = new Float64Array(own.length);
  let length = 0;
  let after = 0;
  for (let i = 0; i < own.length; i++) {
    const at = own.step[i] as number;
    while (after < first.length && (first.step[after] as number) < at) after++;
    if (after >= first.length) break;
    const next = first.step[after] as number;
    if (next > at && after === 0) continue;
    const [y0, y1] = [first.value[Math.max(0, after - 1)] as number, first.value[after] as number];
    const before = first.step[Math.max(0, after - 1)] as number;
    const other = next === at ? y1 : y0 + ((at - before) / (next - before)) * (y1 - y0);
    step[length] = at;
    value[length] = (own.value[i] as number) - other;
    length++;
  }
  return { length, step, value, low: value, high: value, nonfinite: own.nonfinite };
}

/** Base-10 logarithm of each value; NaN stays NaN, zero is below every scale. */
export function logarithm(points: Points): Points {
  const log = (values: Float64Array) => values.slice(0, points.length).map((value) => Math.log10(value));
  return { ...points, value: log(points.value), low: log(points.low), high: log(points.high) };
}

/**
 * Exponential moving average over the points, corrected for its start; NaN neither enters nor is hidden.
 * @param weight of the past, 0..1
 */
export function smooth(points: Points, weight: number): Points {
  const value = new Float64Array(points.length);
  let sum = 0;
  let norm = 0;
  for (let i = 0; i < points.length; i++) {
    const raw = points.value[i] as number;
    if (Number.isFinite(raw)) {
      sum = weight * sum + (1 - weight) * raw;
      norm = weight * norm + (1 - weight);
    }
    value[i] = Number.isFinite(raw) ? sum / norm : raw;
  }
  return { ...points, value };
}
