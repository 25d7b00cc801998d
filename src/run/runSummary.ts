import type { ScalarName, StatisticName, TableName } from "../stats/catalogue.js";
import { type ColumnBatch, isPresent, valueAt } from "./columnBatch.js";

export type StatisticValue = number | Float32Array;

/** What is known of one series (a layer or a weight) of one table. */
export interface SeriesSummary {
  /** Steps at which the series was captured; for BatchNorm, rows that only tell the initial state do not count. */
  steps: number;
  lastStep: number;
  /** The last captured value of each statistic that was ever captured. */
  readonly last: Map<StatisticName, StatisticValue>;
}

/** The last values of every series, kept up to date batch by batch. Memory is bounded by the number of series. */
export class RunSummary {
  private readonly tables = new Map<TableName, Map<number, SeriesSummary>>();
  /** Highest step of the table `steps`, or of any table where there is none. */
  steps = 0;

  add(batch: ColumnBatch): void {
    this.count(batch);
    const numbers = batch.seriesNumbers();
    for (const name of batch.present()) for (const index of numbers) this.set(batch, index, name);
  }

  series(table: TableName, index: number): SeriesSummary | null {
    return this.tables.get(table)?.get(index) ?? null;
  }

  /** A number of the table `steps`, such as the loss. */
  stepValue(name: ScalarName): number | null {
    const value = this.series("steps", 0)?.last.get(name);
    return typeof value === "number" ? value : null;
  }

  private count(batch: ColumnBatch): void {
    const { steps, series } = batch;
    const passes = batch.table === "batchNorm" ? batch.scalar("passes") : null;
    for (let at = 0; at < batch.length; at++) {
      const step = steps[at] as number;
      const summary = this.summary(batch.table, series[at] as number);
      if (step > this.steps) this.steps = step;
      if (passes !== null && isPresent(passes.valid, at) && passes.values[at] === 0) continue;
      if (step !== summary.lastStep) summary.steps++;
      summary.lastStep = step;
    }
  }

  private set(batch: ColumnBatch, index: number, name: StatisticName): void {
    const column = batch.column(name);
    const at = lastRow(batch, index, column?.valid ?? null);
    const value = column === null || at === null ? undefined : valueAt(column, at);
    if (value === undefined) return;
    // Copied, so that one list does not keep its whole batch in memory.
    this.summary(batch.table, index).last.set(name, typeof value === "number" ? value : value.slice());
  }

  private summary(table: TableName, index: number): SeriesSummary {
    let series = this.tables.get(table);
    if (series === undefined) {
      series = new Map();
      this.tables.set(table, series);
    }
    let summary = series.get(index);
    if (summary === undefined) {
      summary = { steps: 0, lastStep: Number.NEGATIVE_INFINITY, last: new Map() };
      series.set(index, summary);
    }
    return summary;
  }
}

function lastRow(batch: ColumnBatch, series: number, valid: Uint8Array | null): number | null {
  const rows = batch.rowsOf(series);
  for (let place = rows.length - 1; place >= 0; place--) {
    const at = rows[place] as number;
    if (isPresent(valid, at)) return at;
  }
  return null;
}
