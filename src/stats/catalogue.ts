/**
 * The names of every recorded number, in the order in which they are stored.
 * One entry per statistic; the run folder, the CLI, the rules and the views use these names and no others.
 */

/** How one value of a statistic looks: a number, one number per channel, or the counts of a histogram. */
export type StatisticShape = "scalar" | "channels" | "bins";

/**
 * The stream of the run folder that holds a statistic; one row per (step, layer) or per (step, weight). `probes` has rows
 * only where probes ran.
 */
export type TableName = "steps" | "activations" | "batchNorm" | "weights" | "probes";

export interface Statistic {
  readonly name: StatisticName;
  readonly table: TableName;
  readonly shape: StatisticShape;
  /** Unit as shown on axes; empty for counts and fractions. */
  readonly unit: string;
  /** Short label for legends and tables. */
  readonly label: string;
}

const activationScalars = [
  "count",
  "mean",
  "variance",
  "min",
  "max",
  // Percentiles and histogram: exact up to 40 000 values; above, ranks are off by at most 1 point (edges of the histogram
  // 0.1 point), but for one in 1000.
  "p15",
  "p50",
  "p85",
  "zeroFraction",
  "saturatedFraction",
  "deadFraction",
  "nanCount",
  "infCount",
  "inputCount",
  "inputMean",
  "inputVariance",
  "inputMin",
  "inputMax",
  "inputP15",
  "inputP50",
  "inputP85",
  "inputZeroFraction",
  "inputNanCount",
  "inputInfCount",
  "histogramMin",
  "histogramMax",
  "meanDrift",
  "varianceDrift",
  "referenceDrift",
] as const;
const activationLists = [
  "channelMean",
  "channelVariance",
  "inputChannelMean",
  "inputChannelVariance",
  "histogram",
] as const;

const batchNormScalars = [
  "valuesPerChannel",
  "passes",
  "meanShift",
  "logVarianceRatio",
  "betweenBatchVariance",
  "samplingNull",
  "warmup",
] as const;
const batchNormLists = [
  "batchMean",
  "batchVariance",
  "runningMean",
  "runningVariance",
  "gamma",
  "beta",
  "gap",
  "channelLogVarianceRatio",
] as const;

const weightScalars = [
  "gradientNorm",
  "gradientMeanAbs",
  "weightNorm",
  "updateRatio",
  "gradientNonfinite",
  "weightNonfinite",
] as const;

const stepScalars = [
  "timeMs",
  "loss",
  "learningRate",
  "batchSize",
  "optimizer",
  "stepMs",
  "overheadMs",
  "level",
] as const;

/** Of the whole model; in rows of series 0. */
export const modelProbes = [
  "lossByBatch",
  "lossByRunning",
  "lossGapRatio",
  "landscapeMin",
  "landscapeMax",
  "predictivenessMin",
  "predictivenessMax",
  "effectiveSmoothness",
] as const;
/** Of a layer. */
const layerProbes = [
  "gradientShift",
  "gradientShiftCosine",
  "preciseMeanShift",
  "preciseLogVarianceRatio",
  "preciseBatches",
] as const;
const probeLists = ["preciseMean", "preciseVariance"] as const;

/** Scalar columns of each table, in storage order. A value that was not captured is null, never NaN. */
export const scalarColumns = {
  steps: stepScalars,
  activations: activationScalars,
  batchNorm: batchNormScalars,
  weights: weightScalars,
  probes: [...modelProbes, ...layerProbes],
} as const satisfies Record<TableName, readonly string[]>;

/** List columns (one float per channel or bin) of each table, in storage order. */
export const listColumns = {
  steps: [],
  activations: activationLists,
  batchNorm: batchNormLists,
  weights: [],
  probes: probeLists,
} as const satisfies Record<TableName, readonly string[]>;

export const tableNames = [
  "steps",
  "activations",
  "batchNorm",
  "weights",
  "probes",
] as const satisfies readonly TableName[];

export type ScalarName = (typeof scalarColumns)[TableName][number];
export type ListName = (typeof activationLists)[number] | (typeof batchNormLists)[number] | (typeof probeLists)[number];
export type StatisticName = ScalarName | ListName;

/**
 * One row of a table. Absent or undefined = not captured at this step.
 * Lists are per channel (channel axis of the layer) or per bin; units as in definitions of each statistic.
 */
export type Row = {
  readonly [name in StatisticName]?: (name extends ListName ? ArrayLike<number> : number) | undefined;
};

/** A row that is still being filled. */
export type WritableRow = { -readonly [name in keyof Row]: Row[name] };

const emptyRows = Object.fromEntries(
  tableNames.map((table) => [
    table,
    Object.fromEntries([...scalarColumns[table], ...listColumns[table]].map((name) => [name, undefined])),
  ]),
) as Readonly<Record<TableName, WritableRow>>;

/**
 * A row in which every name of its table has its place: one that grows by each name takes more time and memory than all
 * that is written into it.
 */
export function emptyRow(table: TableName): WritableRow {
  return { ...emptyRows[table] };
}
