import { windowSteps } from "../batchNormWindow.js";
import type { Row } from "../catalogue.js";
import { RecentValues } from "./recentValues.js";

/** Inputs with more channels are judged by their first ones. */
const maximumChannels = 1024;

interface InputBatch {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** What the rules need of one layer's activations: the last K captured steps. */
export class ActivationHistory {
  rows = 0;
  readonly variance = new RecentValues(windowSteps);
  readonly deadFraction = new RecentValues(windowSteps);
  readonly saturatedFraction = new RecentValues(windowSteps);
  readonly inputMean = new RecentValues(windowSteps);
  readonly inputVariance = new RecentValues(windowSteps);
  /** First captured step whose output or input holds NaN or Inf. */
  nonfinite: {
    readonly step: number;
    readonly where: "output" | "input";
    readonly nan: number;
    readonly inf: number;
  } | null = null;
  /** Per channel, for layers that are fed by data. */
  private readonly inputs: InputBatch[] = [];
  private inputCount = 0;
  private lastInput: Row = {};

  add(step: number, row: Row, isFedByData: boolean): void {
    this.rows++;
    this.variance.push(row.variance);
    this.deadFraction.push(row.deadFraction);
    this.saturatedFraction.push(row.saturatedFraction);
    this.inputMean.push(row.inputMean);
    this.inputVariance.push(row.inputVariance);
    if (row.inputMean !== undefined) this.lastInput = row;
    this.watchNonfinite(step, row);
    if (isFedByData) this.addInput(row);
  }

  /** Mean and variance of the last captured input: per channel where known, else of the whole. */
  get inputChannels(): { readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number> } | null {
    const { inputChannelMean, inputChannelVariance, inputMean, inputVariance } = this.lastInput;
    if (inputChannelMean && inputChannelVariance) return { mean: inputChannelMean, variance: inputChannelVariance };
    return inputMean === undefined || inputVariance === undefined
      ? null
      : { mean: [inputMean], variance: [inputVariance] };
  }

  /**
   * Variance over batches of the input's channel means × values of a batch that are independent of each other / variance of
   * the input, mean over channels: about 1 or less for shuffled data. Null with fewer than K batches.
   */
  batchMeanVariance(valuesPerSample: number): number | null {
    const { inputs } = this;
    const first = inputs[0];
    if (first === undefined || inputs.length < windowSteps) return null;
    const samples = this.inputCount / inputs.length / valuesPerSample;
    let sum = 0;
    let channels = 0;
    for (let channel = 0; channel < first.means.length; channel++) {
      const means = inputs.map((batch) => batch.means[channel] as number);
      const mean = means.reduce((total, value) => total + value, 0) / means.length;
      const between = means.reduce((total, value) => total + (value - mean) ** 2, 0) / (means.length - 1);
      const within = inputs.reduce((total, batch) => total + (batch.variances[channel] as number), 0) / means.length;
      if (!(between + within > 0)) continue;
      sum += (between * samples) / (between + within);
      channels++;
    }
    return channels === 0 ? null : sum / channels;
  }

  private addInput(row: Row): void {
    const { inputCount, inputMean, inputVariance, inputChannelMean, inputChannelVariance } = row;
    if (inputCount === undefined || inputMean === undefined || inputVariance === undefined) return;
    const means = firstChannels(inputChannelMean ?? [inputMean]);
    const variances = firstChannels(inputChannelVariance ?? [inputVariance]);
    if (means.length !== this.inputs[0]?.means.length) {
      this.inputs.length = 0;
      this.inputCount = 0;
    }
    if (this.inputs.length === windowSteps) {
      this.inputs.shift();
      this.inputCount *= (windowSteps - 1) / windowSteps;
    }
    this.inputs.push({ means, variances });
    this.inputCount += inputCount;
  }

  private watchNonfinite(step: number, row: Row): void {
    if (this.nonfinite !== null) return;
    const { nanCount = 0, infCount = 0, inputNanCount = 0, inputInfCount = 0 } = row;
    if (inputNanCount + inputInfCount > 0) {
      this.nonfinite = { step, where: "input", nan: inputNanCount, inf: inputInfCount };
    } else if (nanCount + infCount > 0) this.nonfinite = { step, where: "output", nan: nanCount, inf: infCount };
  }
}

function firstChannels(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: Math.min(values.length, maximumChannels) },
    (_, channel) => values[channel] as number,
  );
}
