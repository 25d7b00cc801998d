import type { StatisticName } from "../stats/catalogue.js";
import type { RunFile } from "./format.js";
import type { RunReader } from "./runReader.js";
import type { NamedSeries } from "./seriesName.js";
import { readSeries, type SeriesPart, type SeriesPoint } from "./seriesReader.js";

/** What is not stored of an input that is another layer's output, and where it stands there. */
export const inputChannels = {
  inputChannelMean: "channelMean",
  inputChannelVariance: "channelVariance",
} as const satisfies Partial<Record<StatisticName, StatisticName>>;

/** The layer whose output is this layer's only input, unchanged; null where the model's graph tells of none. */
export function inputSource({ layers }: RunFile, series: number): number | null {
  const layer = layers[series];
  const [only, second] = layer?.inbound ?? [];
  const source = only === undefined || second !== undefined ? undefined : layers[only];
  const isSame = source !== undefined && JSON.stringify(source.outputShape) === JSON.stringify(layer?.inputShape);
  return isSame ? source.index : null;
}

/** As `readSeries`; the channels of an input also where they stand in the row of the layer before. */
export function readNamedSeries(
  reader: RunReader,
  run: RunFile,
  { table, series, statistic }: NamedSeries,
  part: SeriesPart = {},
): SeriesPoint[] {
  const own = readSeries(reader, table, series, statistic, undefined, part);
  if (own.length > 0 || !isInputChannels(statistic)) return own;
  const source = inputSource(run, series);
  return source === null ? own : readSeries(reader, table, source, inputChannels[statistic], undefined, part);
}

function isInputChannels(statistic: StatisticName): statistic is keyof typeof inputChannels {
  return statistic in inputChannels;
}
