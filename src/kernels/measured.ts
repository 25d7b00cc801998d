import type { KernelMemory } from "./instantiate.js";

/** What is measured of a tensor's values: shared by the SIMD kernel and its JavaScript twin. */

/** Which activation the values come from; decides what counts as saturated. */
export type Saturation = "none" | "tanh" | "sigmoid";

export type KernelValues = Float32Array | Int32Array | Uint8Array;

export interface MeasureOptions {
  /** Size of the channel axis; default 1. */
  readonly channels?: number;
  /** Number of neighbouring values of one channel: 1 (default) when the channel axis is the last, H·W for [N, C, H, W]. */
  readonly inner?: number;
  /** Default `none`: `saturatedFraction` is undefined. */
  readonly saturation?: Saturation;
}

/** NaN stands for what no finite value defines (mean of an empty tensor, or of one that is all NaN). */
export interface Measured {
  /** All values, finite or not. */
  readonly count: number;
  readonly finiteCount: number;
  readonly nanCount: number;
  readonly infCount: number;
  /** Over finite values, in the values' own unit. */
  readonly mean: number;
  /** Biased (divided by the number of finite values), unit squared. */
  readonly variance: number;
  readonly min: number;
  readonly max: number;
  /** Share of all values that are 0 (−0 too). */
  readonly zeroFraction: number;
  /** Share of all values beyond the saturation bounds: tanh |a| > 0.97, sigmoid a < 0.03 or a > 0.97. */
  readonly saturatedFraction: number | undefined;
  /** Share of channels that are 0 in more than 99 % of their values. */
  readonly deadFraction: number;
  /** Per channel over finite values; undefined for one channel. */
  readonly channelMean: Float64Array | undefined;
  /** Biased. */
  readonly channelVariance: Float64Array | undefined;
  /** Smallest index of a channel that holds a NaN or Inf. */
  readonly firstNonfiniteChannel: number | null;
}

/** Where numbers of channels are put, so that none is made anew; what does not fit is replaced. */
export interface ChannelRoom {
  mean: Float64Array;
  variance: Float64Array;
}

/** A channel is dead when more than this share of its values is zero. */
export const deadShare = 0.99;

/** Checks options against the number of values; returns them complete. */
export function completeOptions(length: number, options: MeasureOptions): Required<MeasureOptions> {
  const { channels = 1, inner = 1, saturation = "none" } = options;
  if (!(Number.isInteger(channels) && channels > 0 && Number.isInteger(inner) && inner > 0)) {
    throw new RangeError(
      `measure: got ${channels} channels of ${inner} neighbouring values, wanted whole numbers from 1.`,
    );
  }
  if (length % (channels * inner) !== 0) {
    throw new RangeError(`measure: got ${length} values, wanted a multiple of ${channels} channels × ${inner} values.`);
  }
  return { channels, inner: channels === 1 ? 1 : inner, saturation };
}

/** Not `instanceof`: a test runner's tensors come from another realm. */
export function isFloat32(values: KernelValues): values is Float32Array {
  return values[Symbol.toStringTag] === "Float32Array";
}

/** Whether kernels that work in `memory` can read the values where they are. */
export function isIn(memory: KernelMemory, values: KernelValues): boolean {
  return values.buffer === memory.buffer && values.BYTES_PER_ELEMENT === 4;
}

/** Numbers of channels that lie at `start`, taken over into their room, or into memory of their own. */
export function channelsIn(
  from: Float64Array,
  start: number,
  length: number,
  room: ChannelRoom | undefined,
  name: keyof ChannelRoom,
): Float64Array {
  if (room === undefined) return from.slice(start, start + length);
  if (room[name].length !== length) room[name] = new Float64Array(length);
  const target = room[name];
  for (let at = 0; at < length; at++) target[at] = from[start + at] as number;
  return target;
}
