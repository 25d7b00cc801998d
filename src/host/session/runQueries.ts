import type {
  ChannelsMessage,
  ChannelsRequest,
  HealthMapMessage,
  HealthMapRequest,
  HistogramsMessage,
  HistogramsRequest,
  SeriesData,
  SeriesRequest,
} from "../../protocol/views.js";
import type { LayerInfo } from "../../run/format.js";
import type { RunReader } from "../../run/runReader.js";
import { readSeries, type SeriesPoint } from "../../run/seriesReader.js";
import { listColumns, type StatisticName, scalarColumns, type TableName, tableNames } from "../../stats/catalogue.js";
import { bucketSeries, meanOf } from "./bucketSeries.js";
import type { StepRange } from "./sessionView.js";

const histogramBins = 64;
const channelStatistics = [...listColumns.activations, ...listColumns.batchNorm].filter((name) => name !== "histogram");

/** Answers the views' questions about one run; reads only the columns that are asked for. */
export class RunQueries {
  constructor(
    private readonly reader: RunReader,
    private readonly layers: () => readonly LayerInfo[],
    private readonly extent: () => StepRange,
  ) {}

  series(request: SeriesRequest, range: StepRange, bucket: number): SeriesData {
    const { layer, statistic, weight } = request;
    const key = weight === undefined ? { layer, statistic } : { layer, statistic, weight };
    return bucketSeries(key, this.points(request, range), bucket);
  }

  channels({ layer, step }: ChannelsRequest): ChannelsMessage {
    const to = step ?? this.extent().to;
    const values: Partial<Record<StatisticName, Float64Array>> = {};
    let newest = 0;
    // Steps are looked at in widening windows back from the one wanted: the last captured one is nearly always close.
    for (let width = 64; ; width *= 16) {
      const range = { from: to - width, to };
      for (const statistic of channelStatistics) {
        if (values[statistic] !== undefined) continue;
        const last = this.points({ layer, statistic }, range).at(-1);
        if (last === undefined || typeof last.value === "number") continue;
        values[statistic] = Float64Array.from(last.value);
        newest = Math.max(newest, last.step);
      }
      if (Object.keys(values).length > 0 || range.from <= this.extent().from) break;
    }
    return { type: "channels", layer, step: newest, values };
  }

  healthMap({ statistic, columns, range }: HealthMapRequest): HealthMapMessage {
    const { from, to } = range ?? this.extent();
    const layers = this.layers();
    const values = new Float64Array(layers.length * columns).fill(Number.NaN);
    const width = (to - from + 1) / columns;
    for (const [row, layer] of layers.entries()) {
      const weight = layer.weights[0];
      if (tableOf(statistic) === "weights" && weight === undefined) continue;
      const request = { layer: layer.index, statistic, ...(weight === undefined ? {} : { weight }) };
      this.fillRow(
        values.subarray(row * columns, (row + 1) * columns),
        this.points(request, { from, to }),
        from,
        width,
      );
    }
    return { type: "healthMap", statistic, layers: layers.map(({ index }) => index), columns, from, to, values };
  }

  histograms({ layer, columns, range }: HistogramsRequest): HistogramsMessage {
    const within = range ?? this.extent();
    const all = this.points({ layer, statistic: "histogram" }, within);
    const chosen = spread(all, columns);
    const low = new Map(
      this.points({ layer, statistic: "histogramMin" }, within).map(({ step, value }) => [step, value]),
    );
    const high = new Map(
      this.points({ layer, statistic: "histogramMax" }, within).map(({ step, value }) => [step, value]),
    );
    const bins =
      Math.max(0, ...chosen.map(({ value }) => (typeof value === "number" ? 0 : value.length))) || histogramBins;
    const counts = new Float64Array(chosen.length * bins);
    for (const [at, { value }] of chosen.entries()) if (typeof value !== "number") counts.set(value, at * bins);
    const numbers = (source: Map<number, SeriesPoint["value"]>) =>
      Float64Array.from(chosen, ({ step }) => (source.get(step) as number | undefined) ?? Number.NaN);
    return {
      type: "histograms",
      layer,
      bins,
      step: Float64Array.from(chosen, ({ step }) => step),
      low: numbers(low),
      high: numbers(high),
      counts,
    };
  }

  private points({ layer, statistic, weight }: SeriesRequest, range: StepRange): SeriesPoint[] {
    const table = tableOf(statistic);
    if (table === "weights" && weight === undefined) return [];
    const series = table === "steps" ? 0 : table === "weights" ? (weight as number) : layer;
    return readSeries(this.reader, table, series, statistic, range);
  }

  private fillRow(row: Float64Array, points: readonly SeriesPoint[], from: number, width: number): void {
    const counts = new Float64Array(row.length);
    for (const { step, value } of points) {
      const column = Math.min(row.length - 1, Math.floor((step - from) / width));
      const number = typeof value === "number" ? value : meanOf(value);
      if (!Number.isFinite(number)) row[column] = Number.POSITIVE_INFINITY;
      else if (row[column] !== Number.POSITIVE_INFINITY) {
        const count = counts[column] as number;
        row[column] = count === 0 ? number : ((row[column] as number) * count + number) / (count + 1);
        counts[column] = count + 1;
      }
    }
  }
}

const tables = new Map<StatisticName, TableName>(
  tableNames.flatMap((table) =>
    [...scalarColumns[table], ...listColumns[table]].map((name): [StatisticName, TableName] => [name, table]),
  ),
);

export function tableOf(statistic: StatisticName): TableName {
  return tables.get(statistic) ?? "steps";
}

/** At most `count` of the items, first and last among them. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  const at = Array.from({ length: count }, (_, index) =>
    Math.round((index * (items.length - 1)) / Math.max(1, count - 1)),
  );
  return at.map((index) => items[index] as T);
}
