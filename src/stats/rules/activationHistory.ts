import { windowSteps } from "../batchNormWindow.js";
import type { Row } from "../catalogue.js";
import { BatchMeans } from "./batchMeans.js";
import { RecentValues } from "./recentValues.js";

/** What a layer is to the data: fed by it, or a classifier's answer to it. */
export type DataRole = "input" | "classes" | null;

/** What the rules need of one layer's activations: the last K captured steps. */
export class ActivationHistory {
  rows = 0;
  lastStep = 0;
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
  /** Per channel: inputs of layers that are fed by data, and outputs of classifiers. */
  readonly dataBatches = new BatchMeans();
  private lastInput: Row = {};

  add(step: number, row: Row, role: DataRole): void {
    this.rows++;
    this.lastStep = step;
    this.variance.push(row.variance);
    this.deadFraction.push(row.deadFraction);
    this.saturatedFraction.push(row.saturatedFraction);
    this.inputMean.push(row.inputMean);
    this.inputVariance.push(row.inputVariance);
    if (row.inputMean !== undefined) this.lastInput = row;
    this.watchNonfinite(step, row);
    if (role !== null) this.addBatch(row, role);
  }

  /** Mean and variance of the last captured input: per channel where known, else of the whole. */
  get inputChannels(): { readonly mean: ArrayLike<number>; readonly variance: ArrayLike<number> } | null {
    const { inputChannelMean, inputChannelVariance, inputMean, inputVariance } = this.lastInput;
    if (inputChannelMean && inputChannelVariance) return { mean: inputChannelMean, variance: inputChannelVariance };
    return inputMean === undefined || inputVariance === undefined
      ? null
      : { mean: [inputMean], variance: [inputVariance] };
  }

  private addBatch(row: Row, role: DataRole): void {
    const isInput = role === "input";
    const [count, mean, variance] = isInput
      ? [row.inputCount, row.inputMean, row.inputVariance]
      : [row.count, row.mean, row.variance];
    if (count === undefined || mean === undefined || variance === undefined) return;
    const means = (isInput ? row.inputChannelMean : row.channelMean) ?? [mean];
    const variances = (isInput ? row.inputChannelVariance : row.channelVariance) ?? [variance];
    this.dataBatches.add(count, means, variances);
  }

  private watchNonfinite(step: number, row: Row): void {
    if (this.nonfinite !== null) return;
    const { nanCount = 0, infCount = 0, inputNanCount = 0, inputInfCount = 0 } = row;
    if (inputNanCount + inputInfCount > 0) {
      this.nonfinite = { step, where: "input", nan: inputNanCount, inf: inputInfCount };
    } else if (nanCount + infCount > 0) this.nonfinite = { step, where: "output", nan: nanCount, inf: infCount };
  }
}
