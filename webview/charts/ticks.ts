export interface Ticks {
  readonly values: readonly number[];
  readonly spacing: number;
}

/**
 * At most `count` round numbers (1, 2 or 5 times a power of ten apart) within min..max. Where that is only one, which tells
 * no scale, the next finer ones, if they are `count` + 1 at most.
 */
export function linearTicks(min: number, max: number, count: number): Ticks {
  const width = max - min;
  if (!(width > 0) || !Number.isFinite(width)) return { values: [min], spacing: 1 };
  const rough = width / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const at = multiples.findIndex((candidate) => candidate * power >= rough * 0.999);
  const ticks = multiplesWithin(min, max, (multiples[at] ?? 10) * power);
  if (ticks.values.length > 1 || count < 2) return ticks;
  const finer = multiplesWithin(min, max, (multiples[at - 1] ?? 0.5) * power);
  return finer.values.length <= count + 1 ? finer : ticks;
}

const multiples = [1, 2, 5, 10];

function multiplesWithin(min: number, max: number, spacing: number): Ticks {
  const values: number[] = [];
  for (let k = Math.ceil(min / spacing - 1e-9); k * spacing <= max + spacing * 1e-9; k++) values.push(k * spacing + 0); // −0 is 0
  return { values, spacing };
}

/** Whole steps only. */
export function stepTicks(from: number, to: number, count: number): Ticks {
  const { values, spacing } = linearTicks(from, to, count);
  if (spacing >= 1) return { values, spacing };
  return { values: values.filter((value) => Number.isInteger(value)), spacing: 1 };
}

/** Powers of ten, thinned to at most `count`; within less than a decade, linear ones. */
export function logarithmicTicks(min: number, max: number, count: number): Ticks {
  const first = Math.ceil(Math.log10(min) - 1e-9);
  const last = Math.floor(Math.log10(max) + 1e-9);
  if (last - first < 1) return linearTicks(min, max, count);
  const every = Math.ceil((last - first + 1) / Math.max(1, count));
  const values: number[] = [];
  for (let exponent = first; exponent <= last; exponent += every) values.push(10 ** exponent);
  return { values, spacing: 1 };
}
