/** What is measured of a tensor's values, and how it is folded from lanes: shared by the SIMD kernel and its JavaScript twin. */

/** Which activation the values come from; decides what counts as saturated. */
export type Saturation = "none" | "tanh" | "sigmoid";

export type KernelValues = Float32Array | Int32Array | Uint8Array;

export interface MeasureOptions {
  /** Size of the channel axis; default 1. */
  readonly channels?: number;
  /** Number of neighbouring values of one channel: 1 (default) when the channel axis is the last, H·W for [N, C, H, W]. */
  readonly inner?: number;
  /** Default `none`: `saturatedFraction` is absent. */
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
  readonly saturatedFraction?: number;
  /** Share of channels that are 0 in more than 99 % of their values. */
  readonly deadFraction: number;
  /** Per channel over finite values; absent for one channel. */
  readonly channelMean?: Float64Array;
  /** Biased. */
  readonly channelVariance?: Float64Array;
  /** Smallest index of a channel that holds a NaN or Inf. */
  readonly firstNonfiniteChannel: number | null;
}

/** Sums of x − shift per lane, as the kernels keep them; `channelOf(lane)` is the lane's channel. */
export interface Lanes {
  readonly length: number;
  readonly shift: ArrayLike<number>;
  readonly sum: ArrayLike<number>;
  readonly square: ArrayLike<number>;
  readonly count: ArrayLike<number>;
  readonly zeros: ArrayLike<number>;
  readonly lost: ArrayLike<number>;
}

export interface Totals {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly nanCount: number;
  readonly saturated: number;
}

const deadShare = 0.99;

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

/** Joins the lanes of each channel, then the channels (Chan, Golub & LeVeque 1983: means and squared deviations). */
export function foldLanes(
  lanes: Lanes,
  channelOf: (lane: number) => number,
  totals: Totals,
  { channels, saturation }: Required<MeasureOptions>,
): Measured {
  const counts = new Float64Array(channels);
  const means = new Float64Array(channels);
  const deviations = new Float64Array(channels);
  const zeros = new Float64Array(channels);
  let firstNonfiniteChannel: number | null = null;
  for (let lane = 0; lane < lanes.length; lane++) {
    const channel = channelOf(lane);
    zeros[channel] = at(zeros, channel) + at(lanes.zeros, lane);
    if (at(lanes.lost, lane) > 0) firstNonfiniteChannel = Math.min(firstNonfiniteChannel ?? channel, channel);
    const count = at(lanes.count, lane);
    if (count === 0) continue;
    const sum = at(lanes.sum, lane);
    const mean = at(lanes.shift, lane) + sum / count;
    const deviation = Math.max(0, at(lanes.square, lane) - (sum * sum) / count);
    const before = at(counts, channel);
    const after = before + count;
    const difference = mean - at(means, channel);
    means[channel] = before === 0 ? mean : at(means, channel) + difference * (count / after);
    deviations[channel] = at(deviations, channel) + deviation + difference * difference * ((before * count) / after);
    counts[channel] = after;
  }

  let finiteCount = 0;
  let mean = Number.NaN;
  let deviation = 0;
  let zeroCount = 0;
  let dead = 0;
  const perChannel = totals.count / channels;
  for (let channel = 0; channel < channels; channel++) {
    const zeroCountHere = at(zeros, channel);
    zeroCount += zeroCountHere;
    if (zeroCountHere > deadShare * perChannel) dead++;
    const count = at(counts, channel);
    if (count === 0) {
      means[channel] = Number.NaN;
      deviations[channel] = Number.NaN;
      continue;
    }
    const after = finiteCount + count;
    const difference = finiteCount === 0 ? 0 : at(means, channel) - mean;
    mean = finiteCount === 0 ? at(means, channel) : mean + difference * (count / after);
    deviation += at(deviations, channel) + difference * difference * ((finiteCount * count) / after);
    finiteCount = after;
    deviations[channel] = at(deviations, channel) / count;
  }
  const none = finiteCount === 0;
  const { count, nanCount } = totals;
  return {
    count,
    finiteCount,
    nanCount,
    infCount: count - finiteCount - nanCount,
    mean,
    variance: none ? Number.NaN : deviation / finiteCount,
    min: none ? Number.NaN : totals.min,
    max: none ? Number.NaN : totals.max,
    zeroFraction: zeroCount / count,
    ...(saturation === "none" ? {} : { saturatedFraction: totals.saturated / count }),
    deadFraction: count === 0 ? Number.NaN : dead / channels,
    ...(channels === 1 ? {} : { channelMean: means, channelVariance: deviations }),
    firstNonfiniteChannel,
  };
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
