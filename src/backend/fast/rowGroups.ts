/**
 * TensorFlow adds up a channel's values one after the other, in float32: with m of them the error grows like √m. Seen
 * as [rows, groups × C] instead of [m, C], each of the sums is short, and JavaScript adds the few that are left in
 * float64. The view costs nothing: the values stay where they are.
 */
export interface RowGroups {
  readonly rows: number;
  readonly groups: number;
}

/** So many values are added up as they are. */
const shortEnough = 1024;
const wantedRows = 256;
const fewestRows = 32;

export function rowGroups(m: number): RowGroups {
  if (m <= shortEnough) return { rows: m, groups: 1 };
  let best = m;
  const distance = (rows: number): number => Math.abs(Math.log(rows / wantedRows));
  for (let divisor = 1; divisor * divisor <= m; divisor++) {
    if (m % divisor !== 0) continue;
    for (const rows of [divisor, m / divisor]) {
      if (rows >= fewestRows && distance(rows) < distance(best)) best = rows;
    }
  }
  return { rows: best, groups: m / best };
}

/** [C] to [groups × C], float32. */
export function tiled(values: ArrayLike<number>, groups: number): Float32Array {
  const { length } = values;
  const result = new Float32Array(groups * length);
  result.set(values);
  for (let done = length; done < result.length; done *= 2) {
    result.copyWithin(done, 0, Math.min(done, result.length - done));
  }
  return result;
}

/** Sums over the groups, [groups × C] to [C]. */
export function summed(values: ArrayLike<number>, channels: number): Float64Array {
  const result = new Float64Array(channels);
  for (let at = 0; at < values.length; ) {
    for (let channel = 0; channel < channels; channel++, at++) {
      result[channel] = (result[channel] as number) + (values[at] as number);
    }
  }
  return result;
}
