import { windowSteps } from "../batchNormWindow.js";

/** Tensors with more channels are judged by their first ones. */
const maximumChannels = 1024;

interface Batch {
  readonly count: number;
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

interface Spread {
  readonly mean: number;
  /** Variance of the batches' means, each with the weight of its size: an epoch's last batch may be a small one. */
  readonly between: number;
  /** Mean of the variances in the batches. */
  readonly within: number;
}

/** Means and variances per channel of the last K captured batches of one tensor. */
export class BatchMeans {
  private readonly batches: Batch[] = [];

  add(count: number, channelMeans: ArrayLike<number>, channelVariances: ArrayLike<number>): void {
    const means = firstChannels(channelMeans);
    if (means.length !== this.batches[0]?.means.length) this.batches.length = 0;
    if (this.batches.length === windowSteps) this.batches.shift();
    this.batches.push({ count, means, variances: firstChannels(channelVariances) });
  }

  /**
   * Variance over batches of the channel means × values of a batch that are independent of each other / variance, mean over
   * channels: about 1 or less for shuffled data. Null with fewer than K batches.
   */
  ratio(valuesPerSample: number): number | null {
    const samples = this.counted / this.batches.length / valuesPerSample;
    const ratios = this.spreads()
      .filter(({ between, within }) => between + within > 0)
      .map(({ between, within }) => (between * samples) / (between + within));
    return ratios.length === 0 ? null : ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  }

  /** Of probabilities: their variance as a share of what it would be were each 0 or 1. */
  get certainty(): number {
    let variance = 0;
    let most = 0;
    for (const { mean, between, within } of this.spreads()) {
      variance += between + within;
      most += mean * (1 - mean);
    }
    return most > 0 ? variance / most : 0;
  }

  /** Of each channel; empty with fewer than K batches. */
  private spreads(): Spread[] {
    const { batches } = this;
    const channels = batches.length < windowSteps ? 0 : (batches[0]?.means.length ?? 0);
    const weightOf = (batch: Batch) => batch.count / this.counted;
    return Array.from({ length: channels }, (_, channel) => {
      const mean = batches.reduce((sum, batch) => sum + weightOf(batch) * (batch.means[channel] as number), 0);
      const between = batches.reduce(
        (sum, batch) => sum + weightOf(batch) * ((batch.means[channel] as number) - mean) ** 2,
        0,
      );
      const within = batches.reduce((sum, batch) => sum + weightOf(batch) * (batch.variances[channel] as number), 0);
      return { mean, between: (between * batches.length) / (batches.length - 1), within };
    });
  }

  private get counted(): number {
    return this.batches.reduce((sum, { count }) => sum + count, 0);
  }
}

function firstChannels(values: ArrayLike<number>): Float64Array {
  const first = new Float64Array(Math.min(values.length, maximumChannels));
  for (let channel = 0; channel < first.length; channel++) first[channel] = values[channel] as number;
  return first;
}
