import { type ListName, listColumns, type ScalarName, type StatisticName, type TableName } from "../stats/catalogue.js";
import { type ColumnBatch, isPresent } from "./columnBatch.js";
import type { RunReader } from "./runReader.js";

export interface SeriesPoint {
  readonly step: number;
  readonly value: number | Float32Array;
}

export interface SeriesPart {
  /** Of a list only this channel's value; a list that is shorter has none. */
  readonly channel?: number;
  /** Reads only each so-many-th batch. */
  readonly every?: number;
}

/**
 * Every captured value of one statistic of one series between two steps, by step; of a step that was written
 * twice the last. Reads that column only; the reader must have been polled.
 */
export function readSeries(
  reader: RunReader,
  table: TableName,
  series: number,
  name: StatisticName,
  range: { readonly from: number; readonly to: number } = {
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
  },
  { channel, every = 1 }: SeriesPart = {},
): SeriesPoint[] {
  const lists: readonly string[] = listColumns[table];
  const isList = lists.includes(name);
  const points: SeriesPoint[] = [];
  let isAscending = true;
  let newest = Number.NEGATIVE_INFINITY;
  const take = (batch: ColumnBatch): void => {
    const list = isList ? batch.list(name as ListName) : null;
    const scalar = isList ? null : batch.scalar(name as ScalarName);
    if (list === null && scalar === null) return;
    for (const at of batch.rowsOf(series)) {
      const step = batch.steps[at] as number;
      if (step < range.from || step > range.to) continue;
      let value: number | Float32Array;
      if (list !== null && isPresent(list.valid, at)) {
        const [start, end] = [list.offsets[at] as number, list.offsets[at + 1] as number];
        if (channel !== undefined && start + channel >= end) continue;
        value = channel === undefined ? list.values.slice(start, end) : (list.values[start + channel] as number);
      } else if (scalar !== null && isPresent(scalar.valid, at)) {
        value = scalar.values[at] as number;
      } else {
        continue;
      }
      isAscending &&= step > newest;
      newest = step;
      points.push({ step, value });
    }
  };
  reader.withColumns(table, range.from, range.to, take, every);
  // Nearly always so; a step that was written twice, or late, is the exception.
  if (isAscending) return points;
  const byStep = new Map(points.map((point) => [point.step, point]));
  return [...byStep.values()].sort((a, b) => a.step - b.step);
}
