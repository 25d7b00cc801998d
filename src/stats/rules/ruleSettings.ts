/** Thresholds of the rules (definitions §5). Pairs are [warning, error]. */
export interface RuleSettings {
  /** Ids of rules that are not judged. */
  readonly disabled: readonly string[];
  /** Steps after which a run is past its first transient. */
  readonly warmSteps: number;
  /** Training passes below which a layer's running statistics are only remarked on. */
  readonly fewPasses: number;
  /** ρ^t, weight of the initial running statistics: [info, warning]. */
  readonly warmup: readonly [number, number];
  /** meanShift, standard deviations. */
  readonly meanShift: readonly [number, number];
  /** meanShift up to so many times its sampling noise is healthy: behind a dense layer, behind a convolution. */
  readonly samplingNulls: readonly [dense: number, convolution: number];
  /** Factor between batch and running variance. */
  readonly varianceFactor: readonly [number, number];
  /** betweenBatchVariance: absolute, and times 1/m′. */
  readonly betweenBatch: readonly [absolute: number, timesNull: number];
  /** Loss of a batch with running statistics over that with its own: [warning, error]. */
  readonly gapRatio: readonly [number, number];
  /** Values per channel in a batch. */
  readonly valuesPerChannel: readonly [number, number];
  /** A last batch with fewer values per channel than this is remarked on. */
  readonly lastBatchValues: number;
  readonly momentum: number;
  /** Relative change of running statistics that are meant to be frozen. */
  readonly frozenChange: number;
  /** Var_test/Var_train behind dropout. */
  readonly dropoutRatio: readonly [number, number];
  /** Share of channels with σ²_B < ε: [info, warning, error]. A dead filter of eight is nothing to warn of. */
  readonly collapsedShare: readonly [number, number, number];
  /** |γ| below this counts as zero. */
  readonly smallGamma: number;
  /** Share of channels with small γ: [info, warning]. */
  readonly smallGammaShare: readonly [number, number];
  readonly saturatedShare: number;
  readonly deadShare: number;
  /** Standard deviation of a hidden, non-linear output. */
  readonly activationDeviation: readonly [lowest: number, highest: number];
  /** Largest over smallest variance of such outputs. */
  readonly activationVarianceRatio: number;
  /** Mean absolute gradient of a kernel. */
  readonly gradientMeanAbs: number;
  /** Gradient norm of the first kernel over that of the last. */
  readonly gradientNormRatio: number;
  /** ‖Δw‖/‖w‖ of kernels: smallest, [warning, error]. */
  readonly updateRatioLowest: number;
  readonly updateRatio: readonly [number, number];
  /** Median over any 20 steps, the first ones too. A weight that grows evenly from 0 stays below 0.1. */
  readonly updateRatioEver: number;
  /** In a single step. One that starts at 0 changes by as much as it is in its second step, with momentum by twice that. */
  readonly updateRatioOnce: number;
  /** Variance of batch means × batch size / variance of the input. */
  readonly batchMeanVariance: number;
  /** The same of the answers of a classifier, which move also because it learns. */
  readonly batchAnswerVariance: number;
  /** Variance of class probabilities, as a share of what it would be were each 0 or 1, from which they tell classes apart. */
  readonly classCertainty: number;
  /** Share of a step that fused BatchNorm must save to be spoken of. */
  readonly fastGain: number;
}

export const defaultRuleSettings: RuleSettings = {
  disabled: [],
  warmSteps: 100,
  fewPasses: 20,
  warmup: [0.1, 0.2],
  meanShift: [0.25, 1],
  samplingNulls: [2, 6],
  varianceFactor: [1.5, 4],
  betweenBatch: [0.15, 5],
  gapRatio: [1.1, 1.5],
  valuesPerChannel: [16, 4],
  lastBatchValues: 4,
  momentum: 0.5,
  frozenChange: 1e-6,
  dropoutRatio: [0.8, 0.5],
  collapsedShare: [0.1, 0.25, 0.5],
  smallGamma: 1e-2,
  smallGammaShare: [0.1, 0.5],
  saturatedShare: 0.5,
  deadShare: 0.5,
  activationDeviation: [0.06, 10],
  activationVarianceRatio: 100,
  gradientMeanAbs: 1e-7,
  gradientNormRatio: 70,
  updateRatioLowest: 1e-4,
  updateRatio: [10 ** -1.5, 0.1],
  updateRatioEver: 0.12,
  updateRatioOnce: 2.2,
  batchMeanVariance: 3,
  batchAnswerVariance: 8,
  classCertainty: 0.06,
  fastGain: 0.1,
};
