import type { KernelMemory } from "../../kernels/instantiate.js";
import type { Kernels } from "../../kernels/kernels.js";
import type { ChannelRoom, Measured, Saturation } from "../../kernels/measured.js";
import { binCount, type Distribution } from "../../kernels/percentiles.js";

export interface WantedStatistics {
  readonly channels: number;
  readonly saturation: Saturation;
  /** Percentiles and histogram of so many values; 0 for none. */
  readonly sample: number;
}

/** A tensor that lies in the engine's memory, and what is wanted of it. */
export interface Reduction extends WantedStatistics {
  /** Byte offset. */
  readonly at: number;
  readonly length: number;
  readonly isInteger: boolean;
}

export interface Reduced {
  readonly measured: Measured;
  /** Null where none is wanted, or no value is finite. */
  readonly distribution: Distribution | null;
}

/** Where the lists of a result are put. */
export interface ReductionRoom {
  readonly channels: ChannelRoom;
  readonly histogram: Float64Array<ArrayBuffer>;
}

export function newReductionRoom(): ReductionRoom {
  return {
    channels: { mean: new Float64Array(0), variance: new Float64Array(0) },
    histogram: new Float64Array(binCount + 2),
  };
}

/** Share of finite values from which a sample is large enough for its bound: else all values are looked at. */
const soundShare = 0.95;

export function reduced(
  kernels: Kernels,
  values: Float32Array | Int32Array | Uint8Array,
  { channels, saturation, sample }: WantedStatistics,
  room: ReductionRoom,
): Reduced {
  const measured = kernels.statistics.measure(values, { channels, saturation }, room.channels);
  const { finiteCount } = measured;
  if (sample === 0 || finiteCount === 0) return { measured, distribution: null };
  const options = finiteCount > soundShare * values.length ? { sample } : {};
  return { measured, distribution: kernels.distribution.measure(values, options, room.histogram) };
}

export function valuesAt({ buffer }: KernelMemory, { at, length, isInteger }: Reduction): Float32Array | Int32Array {
  return isInteger ? new Int32Array(buffer, at, length) : new Float32Array(buffer, at, length);
}
