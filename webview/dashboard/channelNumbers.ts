import type { ChannelsMessage } from "../../src/protocol/views.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import { csvText } from "../charts/chartNumbers.js";
import { numbersTable } from "../shared/numbersTable.js";
import type { StringKey } from "../shared/strings.js";
import { t } from "../shared/translate.js";

const tableRows = 200;

/** What is shown of each channel, the most telling first. */
export const shownStatistics: readonly (readonly [StatisticName, StringKey])[] = [
  ["gap", "statGap"],
  ["channelLogVarianceRatio", "statChannelLogVarianceRatio"],
  ["batchMean", "statBatchMean"],
  ["runningMean", "statRunningMean"],
  ["batchVariance", "statBatchVariance"],
  ["runningVariance", "statRunningVariance"],
  ["gamma", "statGamma"],
  ["beta", "statBeta"],
  ["channelMean", "statChannelMean"],
  ["channelVariance", "statChannelVariance"],
  ["inputChannelMean", "statInputChannelMean"],
  ["inputChannelVariance", "statInputChannelVariance"],
];

/** The first channels in the order in which they are drawn. */
export function channelsTable(
  caption: string,
  label: string,
  values: Float64Array,
  order: Uint32Array,
): HTMLTableElement {
  const rows = [...order.subarray(0, tableRows)].map((channel) => ({
    head: String(channel),
    cells: [values[channel] as number],
  }));
  return numbersTable({ caption, heads: [t("channel"), label], rows });
}

/** All channels of all statistics at this step. */
export function channelsCsv({ values }: ChannelsMessage): string {
  const present = shownStatistics.flatMap(([name]) => {
    const list = values[name];
    return list === undefined ? [] : [{ name, list }];
  });
  const count = Math.max(0, ...present.map(({ list }) => list.length));
  const rows = Array.from({ length: count }, (_, channel) => [
    channel,
    ...present.map(({ list }) => list[channel] ?? null),
  ]);
  return csvText(["channel", ...present.map(({ name }) => name)], rows);
}
