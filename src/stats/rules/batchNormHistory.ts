import { windowSteps } from "../batchNormWindow.js";
import type { RuleRow } from "./ruleRow.js";

interface RunningFault {
  readonly step: number;
  readonly channel: number;
  readonly name: "running mean" | "running variance";
  readonly value: number;
}

/** What the rules need of one BatchNorm layer: its last windowed numbers, and counts over the run. */
export class BatchNormHistory {
  /** Steps in which the layer normalised with batch statistics, and steps in which it did not. */
  trainedSteps = 0;
  inferenceSteps = 0;
  passes = 0;
  /** Last row with batch statistics. */
  last: RuleRow<"batchNorm"> = {};
  lastStep = 0;
  /** m′ of the largest batch, and of the smallest one with its step. */
  largestBatch = 0;
  smallestBatch = { valuesPerChannel: Number.POSITIVE_INFINITY, step: 0 };
  runningFault: RunningFault | null = null;
  /** Steps in a row, up to now, in which γ and β stayed as they were. */
  steadySteps = 0;
  /** Step at which γ and β last changed. */
  steadySince = 0;
  /** Largest relative change of running statistics in those steps. */
  steadyChange = 0;
  /** Training steps in a row, up to now, that left the running statistics as they were: a momentum of 1, set at any time. */
  fixedSteps = 0;
  /** Whether the running statistics are 0 and 1, as they were made. */
  runningIsInitial = false;
  /** Per channel: steps in a row with σ²_B < ε, up to K. */
  private collapsedSteps = new Uint8Array(0);
  private readonly gamma = new ListBefore();
  private readonly beta = new ListBefore();
  private readonly runningMean = new ListBefore();
  private readonly runningVariance = new ListBefore();

  /** Share of channels with σ²_B < ε for the last K steps, and the first of them. */
  get collapsed(): { readonly share: number; readonly first: number } {
    const { collapsedSteps } = this;
    const count = collapsedSteps.reduce((sum, steps) => sum + (steps >= windowSteps ? 1 : 0), 0);
    return { share: count / Math.max(1, collapsedSteps.length), first: collapsedSteps.indexOf(windowSteps) };
  }

  add(step: number, row: RuleRow<"batchNorm">, epsilon: number): void {
    const { batchMean, batchVariance, runningMean, runningVariance, passes = 1 } = row;
    const isTraining = batchMean !== undefined && batchVariance !== undefined;
    this.watchAffine(step, row, isTraining);
    if (runningMean && runningVariance) this.watchRunning(step, runningMean, runningVariance, epsilon, isTraining);
    if (!isTraining) {
      this.inferenceSteps++;
      return;
    }
    this.trainedSteps++;
    this.passes += passes;
    this.last = row;
    this.lastStep = step;
    const size = row.valuesPerChannel ?? 0;
    this.largestBatch = Math.max(this.largestBatch, size);
    if (size > 0 && size < this.smallestBatch.valuesPerChannel) {
      this.smallestBatch = { valuesPerChannel: size, step };
    }
    if (this.collapsedSteps.length !== batchVariance.length) this.collapsedSteps = new Uint8Array(batchVariance.length);
    for (let channel = 0; channel < batchVariance.length; channel++) {
      const steps = (batchVariance[channel] as number) < epsilon ? (this.collapsedSteps[channel] as number) + 1 : 0;
      this.collapsedSteps[channel] = Math.min(steps, windowSteps);
    }
  }

  private watchAffine(step: number, { gamma, beta }: RuleRow<"batchNorm">, isTraining: boolean): void {
    const isGammaSteady = this.gamma.equals(gamma);
    const steady = this.beta.equals(beta) && isGammaSteady;
    this.gamma.keep(gamma);
    this.beta.keep(beta);
    if (!steady) {
      this.steadySteps = 0;
      this.steadySince = step;
      this.steadyChange = 0;
    } else if (isTraining) this.steadySteps++;
  }

  private watchRunning(
    step: number,
    mean: ArrayLike<number>,
    variance: ArrayLike<number>,
    epsilon: number,
    isTraining: boolean,
  ): void {
    const { runningMean, runningVariance } = this;
    const isFixed = runningMean.equals(mean) && runningVariance.equals(variance);
    if (isTraining) this.fixedSteps = isFixed ? this.fixedSteps + 1 : 0;
    this.runningIsInitial = isAll(mean, 0) && isAll(variance, 1);
    const isCompared = isTraining && this.steadySteps > 0 && runningMean.values.length === mean.length;
    for (let channel = 0; channel < mean.length; channel++) {
      const meanNow = mean[channel] as number;
      const varianceNow = variance[channel] as number;
      if (this.runningFault === null && !Number.isFinite(meanNow)) {
        this.runningFault = { step, channel, name: "running mean", value: meanNow };
      }
      if (this.runningFault === null && !(varianceNow >= 0 && varianceNow < Number.POSITIVE_INFINITY)) {
        this.runningFault = { step, channel, name: "running variance", value: varianceNow };
      }
      if (!isCompared) continue;
      const meanBefore = runningMean.values[channel] as number;
      const varianceBefore = runningVariance.values[channel] as number;
      const meanChange = Math.abs(meanNow - meanBefore) / Math.sqrt(Math.abs(varianceBefore) + epsilon);
      const varianceChange = Math.abs(varianceNow - varianceBefore) / (Math.abs(varianceBefore) + epsilon);
      this.steadyChange = Math.max(this.steadyChange, meanChange, varianceChange);
    }
    runningMean.keep(mean);
    runningVariance.keep(variance);
  }
}

/** What a list held in the row before; its memory is used again, because this is done at every step. */
class ListBefore {
  values = new Float32Array(0);
  private isKnown = false;

  /** NaN equals NaN. False where nothing is known of the row before. */
  equals(now: ArrayLike<number> | undefined): boolean {
    const { values } = this;
    if (now === undefined || !this.isKnown) return now === undefined && !this.isKnown;
    if (now.length !== values.length) return false;
    for (let index = 0; index < values.length; index++) {
      if (!Object.is(values[index], Math.fround(now[index] as number))) return false;
    }
    return true;
  }

  keep(now: ArrayLike<number> | undefined): void {
    this.isKnown = now !== undefined;
    if (now === undefined) return;
    if (this.values.length === now.length) this.values.set(now);
    else this.values = new Float32Array(now);
  }
}

function isAll(values: ArrayLike<number>, wanted: number): boolean {
  for (let index = 0; index < values.length; index++) {
    if (Math.fround(values[index] as number) !== wanted) return false;
  }
  return true;
}
