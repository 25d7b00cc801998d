import type {
  ChannelsMessage,
  ChannelsRequest,
  HealthMapMessage,
  HealthMapRequest,
  HistogramsMessage,
  HistogramsRequest,
  SeriesData,
  SeriesKey,
  SeriesRequest,
} from "../../protocol/views.js";
import type { LayerInfo } from "../../run/format.js";
import type { KnownBuckets, NewestValue, RunHistory, StepRange } from "../../run/runHistory.js";
import { readSeries, type SeriesPoint } from "../../run/seriesReader.js";
import { listColumns, type StatisticName, scalarColumns, type TableName, tableNames } from "../../stats/catalogue.js";
import { healthMapRow } from "./healthMapRow.js";

const histogramBins = 64;

/** Answers the views' questions about one run. */
export class RunQueries {
  constructor(
    private readonly history: () => RunHistory,
    private readonly layers: () => readonly LayerInfo[],
    private readonly extent: () => StepRange,
  ) {}

  /**
   * Points by buckets of `width` steps, a power of two. Where the newest value lies within a wider one it has a point of
   * its own at the end: a view at the live end shows what is, not what was on average.
   */
  series({ layer, statistic, weight, channel }: SeriesRequest, range: StepRange, width: number): SeriesData {
    if (channel !== undefined) return this.channelSeries({ layer, statistic, channel }, range, width);
    const key = weight === undefined ? { layer, statistic } : { layer, statistic, weight };
    const newest = this.history().newest(tableOf(statistic), seriesOf(statistic, layer, weight), statistic);
    const data = seriesData(key, this.buckets(key, range, width));
    return newest === null || newest.step > range.to ? data : endedBy(newest, data);
  }

  private channelSeries(key: SeriesKey & { channel: number }, range: StepRange, width: number): SeriesData {
    const table = tableOf(key.statistic);
    const name = listColumns[table].find((list) => list === key.statistic);
    if (name === undefined) return { key, ...noPoints };
    return seriesData(key, this.history().channelSeries(table, key.layer, name, key.channel, range, width));
  }

  channels({ layer, step }: ChannelsRequest): ChannelsMessage {
    const found = this.history().channelsAt(layer, step ?? this.extent().to);
    const values = Object.fromEntries(
      Object.entries(found.values).map(([name, list]) => [name, Float64Array.from(list)]),
    );
    return { type: "channels", layer, step: Math.max(0, found.step), values };
  }

  /** With fewer columns than asked for where fewer steps were captured, so that the map has no empty stripes. */
  healthMap({ statistic, columns: mostColumns, range }: HealthMapRequest): HealthMapMessage {
    const { from, to } = range ?? this.extent();
    const layers = this.layers();
    const steps = Math.max(1, to - from + 1);
    const width = 2 ** Math.max(0, Math.floor(Math.log2(steps / mostColumns)));
    const rows = layers.map((layer) => {
      const [kernel] = layer.weights;
      const weight = tableOf(statistic) === "weights" ? kernel : undefined;
      return this.buckets(
        { layer: layer.index, statistic, ...(weight === undefined ? {} : { weight }) },
        { from, to },
        width,
      );
    });
    const longest = Math.max(1, ...rows.map(({ step }) => step.length));
    const columns = Math.min(mostColumns, longest);
    const values = new Float64Array(layers.length * columns);
    for (const [row, buckets] of rows.entries()) values.set(healthMapRow(buckets, from, steps, columns), row * columns);
    return { type: "healthMap", statistic, layers: layers.map(({ index }) => index), columns, from, to, values };
  }

  histograms({ layer, columns, range }: HistogramsRequest): HistogramsMessage {
    const within = range ?? this.extent();
    const read = (name: StatisticName) => readSeries(this.history().reader, "activations", layer, name, within);
    const chosen = spread(read("histogram"), columns);
    const bins = Math.max(0, ...chosen.map(({ value }) => (typeof value === "number" ? 0 : value.length)));
    const counts = new Float64Array(chosen.length * bins);
    for (const [at, { value }] of chosen.entries()) if (typeof value !== "number") counts.set(value, at * bins);
    const edges = (name: StatisticName) => {
      const byStep = new Map(read(name).map(({ step, value }) => [step, Number(value)]));
      return Float64Array.from(chosen, ({ step }) => byStep.get(step) ?? Number.NaN);
    };
    return {
      type: "histograms",
      layer,
      bins: bins === 0 ? histogramBins : bins,
      step: Float64Array.from(chosen, ({ step }) => step),
      low: edges("histogramMin"),
      high: edges("histogramMax"),
      counts,
    };
  }

  private buckets({ layer, statistic, weight }: SeriesKey, range: StepRange, width: number): KnownBuckets {
    return this.history().series(tableOf(statistic), seriesOf(statistic, layer, weight), statistic, range, width);
  }
}

function seriesOf(statistic: StatisticName, layer: number, weight: number | undefined): number {
  switch (tableOf(statistic)) {
    case "weights":
      return weight ?? -1;
    case "steps":
      return 0;
    default:
      return Math.max(0, layer);
  }
}

function endedBy({ step, value }: NewestValue, data: SeriesData): SeriesData {
  const last = data.step.at(-1);
  if (last === undefined || step <= last) return data;
  const end = Number.isFinite(value) ? value : Number.NaN;
  const longer = (column: Float64Array, more: number) => {
    const result = new Float64Array(column.length + 1);
    result.set(column);
    result[column.length] = more;
    return result;
  };
  return {
    ...data,
    step: longer(data.step, step),
    mean: longer(data.mean, end),
    min: longer(data.min, end),
    max: longer(data.max, end),
    endsInNewest: true,
  };
}

function seriesData(key: SeriesKey, { step, mean, min, max, nonfinite, isSample = false }: KnownBuckets): SeriesData {
  return { key, step, mean, min, max, nonfinite, isSample };
}

const none = new Float64Array(0);
const noPoints = { step: none, mean: none, min: none, max: none, nonfinite: [] };

const tables = new Map<StatisticName, TableName>(
  tableNames.flatMap((table) =>
    [...scalarColumns[table], ...listColumns[table]].map((name): [StatisticName, TableName] => [name, table]),
  ),
);

function tableOf(statistic: StatisticName): TableName {
  return tables.get(statistic) ?? "steps";
}

/** At most `count` of the points, first and last among them. */
function spread(points: readonly SeriesPoint[], count: number): readonly SeriesPoint[] {
  if (points.length <= count) return points;
  const last = points.length - 1;
  return Array.from(
    { length: count },
    (_, at) => points[Math.round((at * last) / Math.max(1, count - 1))] as SeriesPoint,
  );
}
