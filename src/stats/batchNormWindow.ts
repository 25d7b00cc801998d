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

/**
 * Definitions §1. A channel that holds NaN makes the means over channels NaN as long as it is in the window.
 * Both lists are valid until the window's next push.
 */
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
  /** What a push gives, overwritten by the next: memory made anew each time is dear. */
  private gap = new Float64Array(0);
  private channelLogVarianceRatio = new Float64Array(0);

  constructor(private readonly length: number = windowSteps) {}

  /** A layer that changes its number of channels starts afresh. */
  push(sample: BatchNormSample): BatchNormWindowed {
    if (sample.batchMean.length !== this.channels) this.reset(sample.batchMean.length);
    this.initialWeight *= sample.momentum ** sample.passes;
    const isKnown = this.store(sample);
    const { epsilon, momentum, runningVariance } = sample;
    const { channels, used, length, means, variances, shifts, channelLogVarianceRatio } = this;
    const knownSteps = this.known.filter(Boolean).length;
    let shiftSum = 0;
    let ratioSum = 0;
    let betweenSum = 0;
    let nonfiniteChannels = 0;
    for (let channel = 0; channel < channels; channel++) {
      const from = channel * length;
      // Σ (μ_B − its mean)² from distances to one of the means: in one pass, and nothing cancels.
      const origin = means[from] as number;
      let shift = 0;
      let variance = 0;
      let distances = 0;
      let squares = 0;
      for (let place = from; place < from + used; place++) {
        shift += shifts[place] as number;
        variance += variances[place] as number;
        const distance = (means[place] as number) - origin;
        distances += distance;
        squares += distance * distance;
      }
      const deviation = squares - (distances * distances) / used;
      const ratio = Math.log((variance / used + epsilon) / ((runningVariance[channel] as number) + epsilon));
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
      gap: isKnown ? this.gap : null,
      meanShift: knownSteps === 0 ? null : shiftSum / knownSteps / channels,
      logVarianceRatio: ratioSum / channels,
      channelLogVarianceRatio,
      betweenBatchVariance: betweenSum / channels,
      samplingNull: samplingNull(used, 1 / meanInverseSize, momentum),
      warmup: this.initialWeight,
      nonfiniteChannels,
    };
  }

  /** Whether R before the step is known. */
  private store(sample: BatchNormSample): boolean {
    const { batchMean, batchVariance, runningMeanBefore, runningVarianceBefore, epsilon } = sample;
    const { channels, length, means, variances, shifts, gap } = this;
    const slot = this.next;
    this.next = (slot + 1) % length;
    this.used = Math.min(this.used + 1, length);
    this.inverseSizes[slot] = 1 / sample.valuesPerChannel;
    const before =
      runningMeanBefore?.length === channels && runningVarianceBefore?.length === channels
        ? { mean: runningMeanBefore, variance: runningVarianceBefore }
        : null;
    this.known[slot] = before !== null;
    for (let channel = 0; channel < channels; channel++) {
      const place = channel * length + slot;
      const mean = batchMean[channel] as number;
      const variance = batchVariance[channel] as number;
      means[place] = mean;
      variances[place] = variance;
      shifts[place] = 0;
      if (before === null) continue;
      const runningVariance = before.variance[channel] as number;
      const distance = mean - (before.mean[channel] as number);
      gap[channel] = distance / Math.sqrt(runningVariance + epsilon);
      shifts[place] = distance / Math.sqrt(Math.min(variance, runningVariance) + epsilon);
    }
    return before !== null;
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
    this.gap = new Float64Array(channels);
    this.channelLogVarianceRatio = new Float64Array(channels);
  }
}

/** The `meanShift` of a layer whose batches all come from one distribution (definitions §1), standard deviations. */
export function samplingNull(steps: number, valuesPerChannel: number, momentum: number): number {
  const batches = 1 / (steps * valuesPerChannel);
  const running = (1 - momentum) / ((1 + momentum) * valuesPerChannel);
  return Math.sqrt((2 / Math.PI) * (batches + running));
}
