/** Float64 references, written straight from the definitions: two passes, compensated sums, sorting. */

export interface Reference {
  finiteCount: number;
  nanCount: number;
  infCount: number;
  mean: number;
  variance: number;
  min: number;
  max: number;
  zeroFraction: number;
}

/** Neumaier's compensated sum. */
export function exactSum(values: Iterable<number>): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}

export function reference(values: ArrayLike<number>): Reference {
  const all = Array.from(values);
  const finite = all.filter(Number.isFinite);
  const mean = exactSum(finite) / finite.length;
  const variance = exactSum(finite.map((value) => (value - mean) ** 2)) / finite.length;
  const nanCount = all.filter(Number.isNaN).length;
  return {
    finiteCount: finite.length,
    nanCount,
    infCount: all.length - finite.length - nanCount,
    mean,
    variance,
    min: finite.reduce((a, b) => Math.min(a, b), finite.length ? Number.POSITIVE_INFINITY : Number.NaN),
    max: finite.reduce((a, b) => Math.max(a, b), finite.length ? Number.NEGATIVE_INFINITY : Number.NaN),
    zeroFraction: all.filter((value) => value === 0).length / all.length,
  };
}

/** Values of one channel of [outer, channels, inner]. */
export function channelValues(values: ArrayLike<number>, channel: number, channels: number, inner = 1): number[] {
  const found: number[] = [];
  for (let from = channel * inner; from < values.length; from += channels * inner) {
    for (let index = from; index < from + inner; index++) found.push(values[index] as number);
  }
  return found;
}

/** Deterministic uniform numbers in [0, 1) (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function normal(seed: number): () => number {
  const next = uniform(seed);
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
