import { type ListName, listColumns, type ScalarName, type StatisticName, type TableName } from "../stats/catalogue.js";
import { isPresent } from "./columnBatch.js";
import type { RunReader } from "./runReader.js";

export interface SeriesPoint {
  readonly step: number;
  readonly value: number | Float32Array;
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
): SeriesPoint[] {
  const lists: readonly string[] = listColumns[table];
  const isList = lists.includes(name);
  const values = new Map<number, number | Float32Array>();
  reader.withColumns(table, range.from, range.to, (batch) => {
    const list = isList ? batch.list(name as ListName) : null;
    const scalar = isList ? null : batch.scalar(name as ScalarName);
    if (list === null && scalar === null) return;
    for (const at of batch.rowsOf(series)) {
      const step = batch.steps[at] as number;
      if (step < range.from || step > range.to) continue;
      if (list !== null && isPresent(list.valid, at)) {
        values.set(step, list.values.slice(list.offsets[at], list.offsets[at + 1]));
      } else if (scalar !== null && isPresent(scalar.valid, at)) {
        values.set(step, scalar.values[at] as number);
      }
    }
  });
  return [...values].map(([step, value]) => ({ step, value })).sort((a, b) => a.step - b.step);
}
