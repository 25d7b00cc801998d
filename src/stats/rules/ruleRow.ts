import type { Row, StatisticName, TableName } from "../catalogue.js";

/** What the rules read of each table; a row for them needs nothing else. */
export const ruleStatistics = {
  steps: ["loss"],
  activations: [
    "count",
    "mean",
    "variance",
    "saturatedFraction",
    "deadFraction",
    "nanCount",
    "infCount",
    "inputCount",
    "inputMean",
    "inputVariance",
    "inputNanCount",
    "inputInfCount",
    "channelMean",
    "channelVariance",
    "inputChannelMean",
    "inputChannelVariance",
  ],
  batchNorm: [
    "valuesPerChannel",
    "passes",
    "meanShift",
    "logVarianceRatio",
    "betweenBatchVariance",
    "samplingNull",
    "warmup",
    "batchMean",
    "batchVariance",
    "runningMean",
    "runningVariance",
    "gamma",
    "beta",
  ],
  weights: ["gradientNorm", "gradientMeanAbs", "updateRatio", "gradientNonfinite", "weightNonfinite"],
  probes: ["lossByBatch", "lossByRunning", "lossGapRatio"],
} as const satisfies Record<TableName, readonly StatisticName[]>;

export type RuleRow<Table extends TableName = TableName> = Pick<Row, (typeof ruleStatistics)[Table][number]>;
