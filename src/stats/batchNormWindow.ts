/** What a BatchNorm layer's training pass left. Lists have one value per channel. */
export interface BatchNormSample {
  readonly batchMean: ArrayLike<number>;
  /** Biased. */
  readonly batchVariance: ArrayLike<number>;
  /** Before the step's update; null where it is not known, then `gap` and `meanShift` leave this step out. */
  readonly runningMeanBefore: ArrayLike<number> | null;
  readonly runningVarianceBefore: ArrayLike<number> | null;
  /** After the step's update. */
  readonly runningVariance: ArrayLike<number>;
  /** m′ of this batch. */
  readonly valuesPerChannel: number;
  /** Training passes of this step. */
  readonly passes: number;
  readonly momentum: number;
  readonly epsilon: number;
}

/** Definitions §1. A channel that holds NaN makes the means over channels NaN as long as it is in the window. */
export interface BatchNormWindowed {
  /** (μ_B − μ_R)/√(σ²_R + ε) per channel, running standard deviations; null where R before the step is not known. */
  readonly gap: Float64Array | null;
  /**
   * Mean over channels of |mean over the window of (μ_B − μ_R)/√(min(σ²_B, σ²_R) + ε)|, standard deviations; null where
   * no step of the window has a known R.
   */
  readonly meanShift: number | null;
  /** Mean over channels of |ln((mean over the window of σ²_B + ε)/(σ²_R + ε))|, nats. */
  readonly logVarianceRatio: number;
  /** The same per channel, with its sign. */
  readonly channelLogVarianceRatio: Float64Array;
  /** Mean over channels of (variance over the window of μ_B)/(mean over the window of σ²_B); biased, no unit. */
  readonly betweenBatchVariance: number;
  /** √((2/π)·[1/(K·m′) + (1−ρ)/((1+ρ)·m′)]), K = steps in the window, m′ = their harmonic mean. */
  readonly samplingNull: number;
  /** ρ^t, t = training passes so far; the product of the ρ of each where the script changes it. */
  readonly warmup: number;
  /** Channels whose windowed numbers are NaN or Inf. */
  readonly nonfiniteChannels: number;
}

/** Steps of the window, K in definitions §1. */
export const windowSteps = 20;

/**
 * The last K training passes of one BatchNorm layer: signed averages tell a real shift from the noise of single batches.
 * Every push sums the window afresh, so that neither rounding nor a NaN outlives its K steps.
 * Memory: 16 bytes × K per channel. Time: proportional to channels × K.
 */
export class BatchNormWindow {
  private channels = 0;
  private used = 0;
  private next = 0;
  /** Weight that the initial running values still have. */
  private initialWeight = 1;
  /** Row-major [channels, K]. What the engine computes is float32, so nothing is lost. */
  private means = new Float32Array(0);
  private variances = new Float32Array(0);
  /** 0 at a step whose R was not known. */
  private shifts = new Float64Array(0);
  private known: boolean[] = [];
  private inverseSizes: number[] = [];

  constructor(private readonly length: number = windowSteps) {}

  /** A layer that changes its number of channels starts afresh. */
  push(sample: BatchNormSample): BatchNormWindowed {
    if (sample.batchMean.length !== this.channels) this.reset(sample.batchMean.length);
    this.initialWeight *= sample.momentum ** sample.passes;
    const gap = this.store(sample);
    const { epsilon, momentum, runningVariance } = sample;
    const { channels, used } = this;
    const knownSteps = this.known.filter(Boolean).length;
    const channelLogVarianceRatio = new Float64Array(channels);
    let shiftSum = 0;
    let ratioSum = 0;
    let betweenSum = 0;
    let nonfiniteChannels = 0;
    for (let channel = 0; channel < channels; channel++) {
      const { shift, variance, deviation } = this.sums(channel);
      const ratio = Math.log((variance / used + epsilon) / (at(runningVariance, channel) + epsilon));
      // A channel that varies neither within nor between batches adds nothing.
      const between = deviation === 0 ? 0 : deviation / variance;
      channelLogVarianceRatio[channel] = ratio;
      shiftSum += Math.abs(shift);
      ratioSum += Math.abs(ratio);
      betweenSum += between;
      if (!Number.isFinite(shift + ratio + between)) nonfiniteChannels++;
    }
    const meanInverseSize = this.inverseSizes.reduce((sum, value) => sum + value, 0) / used;
    return {
      gap,
      meanShift: knownSteps === 0 ? null : shiftSum / knownSteps / channels,
      logVarianceRatio: ratioSum / channels,
      channelLogVarianceRatio,
      betweenBatchVariance: betweenSum / channels,
      samplingNull: samplingNull(used, 1 / meanInverseSize, momentum),
      warmup: this.initialWeight,
      nonfiniteChannels,
    };
  }

  private store(sample: BatchNormSample): Float64Array | null {
    const { batchMean, batchVariance, runningMeanBefore, runningVarianceBefore, epsilon } = sample;
    const slot = this.next;
    this.next = (slot + 1) % this.length;
    this.used = Math.min(this.used + 1, this.length);
    this.inverseSizes[slot] = 1 / sample.valuesPerChannel;
    const known = runningMeanBefore?.length === this.channels && runningVarianceBefore?.length === this.channels;
    this.known[slot] = known;
    const gap = known ? new Float64Array(this.channels) : null;
    for (let channel = 0; channel < this.channels; channel++) {
      const place = channel * this.length + slot;
      const mean = at(batchMean, channel);
      const variance = at(batchVariance, channel);
      this.means[place] = mean;
      this.variances[place] = variance;
      this.shifts[place] = 0;
      if (gap === null || runningMeanBefore === null || runningVarianceBefore === null) continue;
      const runningVariance = at(runningVarianceBefore, channel);
      const distance = mean - at(runningMeanBefore, channel);
      gap[channel] = distance / Math.sqrt(runningVariance + epsilon);
      this.shifts[place] = distance / Math.sqrt(Math.min(variance, runningVariance) + epsilon);
    }
    return gap;
  }

  /** Over the window: Σ shift, Σ σ²_B and Σ (μ_B − its mean)². */
  private sums(channel: number): { shift: number; variance: number; deviation: number } {
    const from = channel * this.length;
    const to = from + this.used;
    let shift = 0;
    let variance = 0;
    let mean = 0;
    for (let place = from; place < to; place++) {
      shift += at(this.shifts, place);
      variance += at(this.variances, place);
      mean += at(this.means, place);
    }
    mean /= this.used;
    let deviation = 0;
    for (let place = from; place < to; place++) deviation += (at(this.means, place) - mean) ** 2;
    return { shift, variance, deviation };
  }

  private reset(channels: number): void {
    this.channels = channels;
    this.used = 0;
    this.next = 0;
    this.initialWeight = 1;
    this.means = new Float32Array(channels * this.length);
    this.variances = new Float32Array(channels * this.length);
    this.shifts = new Float64Array(channels * this.length);
    this.known = [];
    this.inverseSizes = [];
  }
}

/** The `meanShift` of a layer whose batches all come from one distribution (definitions §1), standard deviations. */
export function samplingNull(steps: number, valuesPerChannel: number, momentum: number): number {
  const batches = 1 / (steps * valuesPerChannel);
  const running = (1 - momentum) / ((1 + momentum) * valuesPerChannel);
  return Math.sqrt((2 / Math.PI) * (batches + running));
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
