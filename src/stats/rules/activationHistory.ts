import { windowSteps } from "../batchNormWindow.js";
import { BatchMeans } from "./batchMeans.js";
import { RecentValues } from "./recentValues.js";
import type { RuleRow } from "./ruleRow.js";

/** What a layer is to the data: fed by it, or a classifier's answer to it. */
export type DataRole = "input" | "classes" | null;

/** One value per channel, or one for all. */
export interface Channels {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

/** What the rules need of one layer's activations: the last K captured steps. */
export class ActivationHistory {
  rows = 0;
  lastStep = 0;
  readonly variance = new RecentValues(windowSteps);
  readonly deadFraction = new RecentValues(windowSteps);
  readonly saturatedFraction = new RecentValues(windowSteps);
  /** First captured step whose output or input holds NaN or Inf. */
  nonfinite: {
    readonly step: number;
    readonly where: "output" | "input";
    readonly nan: number;
    readonly inf: number;
  } | null = null;
  /** Per channel: inputs of layers that are fed by data, and outputs of classifiers. */
  readonly dataBatches = new BatchMeans();
  private lastInput: RuleRow<"activations"> = {};
  private lastOutput: RuleRow<"activations"> = {};

  add(step: number, row: RuleRow<"activations">, role: DataRole): void {
    this.rows++;
    this.lastStep = step;
    this.variance.push(row.variance);
    this.deadFraction.push(row.deadFraction);
    this.saturatedFraction.push(row.saturatedFraction);
    if (row.inputMean !== undefined) this.lastInput = row;
    if (row.channelMean !== undefined) this.lastOutput = row;
    this.watchNonfinite(step, row);
    if (role !== null) this.addBatch(row, role);
  }

  /**
   * Mean and variance of each channel of the last captured input, as far as they stand here: those of an input that is
   * another layer's output stand there.
   */
  get inputChannels(): Channels | null {
    const { inputChannelMean: mean, inputChannelVariance: variance } = this.lastInput;
    return mean && variance ? { mean, variance } : null;
  }

  get outputChannels(): Channels | null {
    const { channelMean: mean, channelVariance: variance } = this.lastOutput;
    return mean && variance ? { mean, variance } : null;
  }

  /** Mean and variance of the whole of the last captured input. */
  get wholeInput(): Channels | null {
    const { inputMean, inputVariance } = this.lastInput;
    return inputMean === undefined || inputVariance === undefined
      ? null
      : { mean: [inputMean], variance: [inputVariance] };
  }

  private addBatch(row: RuleRow<"activations">, role: DataRole): void {
    const isInput = role === "input";
    const count = isInput ? row.inputCount : row.count;
    const mean = isInput ? row.inputMean : row.mean;
    const variance = isInput ? row.inputVariance : row.variance;
    if (count === undefined || mean === undefined || variance === undefined) return;
    const means = (isInput ? row.inputChannelMean : row.channelMean) ?? [mean];
    const variances = (isInput ? row.inputChannelVariance : row.channelVariance) ?? [variance];
    this.dataBatches.add(count, means, variances);
  }

  private watchNonfinite(step: number, row: RuleRow<"activations">): void {
    if (this.nonfinite !== null) return;
    const { nanCount = 0, infCount = 0, inputNanCount = 0, inputInfCount = 0 } = row;
    if (inputNanCount + inputInfCount > 0) {
      this.nonfinite = { step, where: "input", nan: inputNanCount, inf: inputInfCount };
    } else if (nanCount + infCount > 0) this.nonfinite = { step, where: "output", nan: nanCount, inf: infCount };
  }
}
