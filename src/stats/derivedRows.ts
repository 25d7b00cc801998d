import { BatchNormWindow, windowSteps } from "./batchNormWindow.js";
import type { TableName, WritableRow } from "./catalogue.js";
import { type DriftSettings, DriftTracker, defaultDriftSettings } from "./drift.js";

/** Of a BatchNorm layer; defaults are those of TensorFlow.js. */
export interface NormalizationConfig {
  readonly momentum?: number;
  readonly epsilon?: number;
}

/** Running statistics, one value per channel. */
export interface Running {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

interface NormalizationState {
  readonly window: BatchNormWindow;
  /** Running statistics after the last row, copies of our own; null until a row has had some. */
  mean: Float64Array | null;
  variance: Float64Array | null;
}

/**
 * Completes captured rows by what follows from them and the rows before: of `batchNorm` the gap and the windowed numbers
 * (definitions §1), of `activations` the drift (§2). Rows of one series come in ascending step order.
 */
export class DerivedRows {
  private readonly normalizations = new Map<number, NormalizationState>();
  private readonly drifts = new Map<number, DriftTracker>();

  constructor(
    private readonly configOf: (series: number) => NormalizationConfig,
    private readonly drift: DriftSettings = defaultDriftSettings,
    private readonly length: number = windowSteps,
  ) {}

  /** For the drift reference `epochStart`. */
  startEpoch(): void {
    for (const tracker of this.drifts.values()) tracker.startEpoch();
  }

  /** Something between two rows changed the running statistics: weights that were set, or a pass of no step. */
  running(series: number, running: Running): void {
    const known = this.normalizations.get(series);
    if (known !== undefined) remember(known, running);
  }

  /** Writes into `row` what follows. Lists that are added are valid until the next row of the series. */
  complete(table: TableName, step: number, series: number, row: WritableRow): void {
    if (table === "batchNorm") this.completeBatchNorm(series, row);
    else if (table === "activations" && row.mean !== undefined && row.variance !== undefined) {
      const tracker = this.drifts.get(series) ?? new DriftTracker(this.drift);
      this.drifts.set(series, tracker);
      Object.assign(row, tracker.push(step, row.mean, row.variance));
    }
  }

  /** A layer that was called without `training: true` has no batch statistics: only its running ones are remembered. */
  private completeBatchNorm(series: number, row: WritableRow): void {
    const { batchMean, batchVariance, runningMean, runningVariance, valuesPerChannel, passes = 1 } = row;
    let known = this.normalizations.get(series);
    if (known === undefined) {
      known = { window: new BatchNormWindow(this.length), mean: null, variance: null };
      this.normalizations.set(series, known);
    }
    if (batchMean && batchVariance && runningVariance && valuesPerChannel !== undefined) {
      const { momentum = 0.99, epsilon = 1e-3 } = this.configOf(series);
      const windowed = known.window.push({
        batchMean,
        batchVariance,
        runningMeanBefore: known.mean,
        runningVarianceBefore: known.variance,
        runningVariance,
        valuesPerChannel,
        passes,
        momentum,
        epsilon,
      });
      row.logVarianceRatio = windowed.logVarianceRatio;
      row.betweenBatchVariance = windowed.betweenBatchVariance;
      row.samplingNull = windowed.samplingNull;
      row.warmup = windowed.warmup;
      row.channelLogVarianceRatio = windowed.channelLogVarianceRatio;
      if (windowed.gap !== null) row.gap = windowed.gap;
      if (windowed.meanShift !== null) row.meanShift = windowed.meanShift;
    }
    if (runningMean && runningVariance) remember(known, { mean: runningMean, variance: runningVariance });
  }
}

/** Only now: the running statistics of the row before are what its successor is compared with. */
function remember(known: NormalizationState, running: Running): void {
  known.mean = copyInto(known.mean, running.mean);
  known.variance = copyInto(known.variance, running.variance);
}

function copyInto(room: Float64Array | null, values: ArrayLike<number>): Float64Array {
  if (room?.length !== values.length) return Float64Array.from(values);
  room.set(values);
  return room;
}
