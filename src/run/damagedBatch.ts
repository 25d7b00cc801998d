import type { BatchMessage } from "./arrowMetadata.js";

/** The bytes of a batch are not what its writer wrote. */
export class DamagedBatchError extends Error {}

/** Of layers and weights; a number beyond it is damage, and would take memory for all below it. */
const mostSeries = 1 << 22;

/** `wanted`: what the batch itself says of its steps. */
export function checkedSteps(steps: Int32Array, wanted: BatchMessage["steps"]): Int32Array {
  const { first, last } = wanted ?? { first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY };
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] as number;
    if (step < first || step > last) throw new DamagedBatchError(`Got step ${step}, wanted ${first} to ${last}.`);
  }
  return steps;
}

export function checkedSeries(series: Int32Array): Int32Array {
  for (let at = 0; at < series.length; at++) {
    const one = series[at] as number;
    if (one < 0 || one >= mostSeries) throw new DamagedBatchError(`Got series ${one}, wanted 0 to ${mostSeries - 1}.`);
  }
  return series;
}

/** Where the lists of a column begin and end. */
export function checkedOffsets(offsets: Int32Array, values: number): Int32Array {
  for (let at = 0, least = 0; at < offsets.length; at++) {
    const offset = offsets[at] as number;
    if (offset < least || offset > values) {
      throw new DamagedBatchError(`Got a list's offset ${offset}, wanted ${least} to ${values}.`);
    }
    least = offset;
  }
  return offsets;
}
