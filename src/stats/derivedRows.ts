import { BatchNormWindow, windowSteps } from "./batchNormWindow.js";
import type { Row, TableName } from "./catalogue.js";
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
  /** After the last row. */
  readonly running: Running;
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
    if (known !== undefined) this.normalizations.set(series, { ...known, running });
  }

  complete(table: TableName, step: number, series: number, row: Row): Row {
    if (table === "batchNorm") return this.completeBatchNorm(series, row);
    if (table === "activations" && row.mean !== undefined && row.variance !== undefined) {
      const tracker = this.drifts.get(series) ?? new DriftTracker(this.drift);
      this.drifts.set(series, tracker);
      return { ...row, ...tracker.push(step, row.mean, row.variance) };
    }
    return row;
  }

  /** A layer that was called without `training: true` has no batch statistics: only its running ones are remembered. */
  private completeBatchNorm(series: number, row: Row): Row {
    const { batchMean, batchVariance, runningMean, runningVariance, valuesPerChannel, passes = 1 } = row;
    const before = this.normalizations.get(series);
    const window = before?.window ?? new BatchNormWindow(this.length);
    if (runningMean !== undefined && runningVariance !== undefined) {
      this.normalizations.set(series, {
        window,
        running: { mean: new Float32Array(runningMean), variance: new Float32Array(runningVariance) },
      });
    }
    if (!batchMean || !batchVariance || !runningVariance || valuesPerChannel === undefined) return row;
    const { momentum = 0.99, epsilon = 1e-3 } = this.configOf(series);
    const { gap, nonfiniteChannels, ...windowed } = window.push({
      batchMean,
      batchVariance,
      runningMeanBefore: before?.running.mean ?? null,
      runningVarianceBefore: before?.running.variance ?? null,
      runningVariance,
      valuesPerChannel,
      passes,
      momentum,
      epsilon,
    });
    const { meanShift, ...rest } = windowed;
    return { ...row, ...rest, ...(gap === null ? {} : { gap }), ...(meanShift === null ? {} : { meanShift }) };
  }
}
