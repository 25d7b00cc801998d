import type { ListName, ScalarName, StatisticName, TableName } from "../stats/catalogue.js";
import { type ColumnBatch, isPresent } from "./columnBatch.js";

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
    for (const { name, list } of batch.present()) {
      if (list) this.addList(batch, name as ListName);
      else this.addScalar(batch, name as ScalarName);
    }
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

  private addScalar(batch: ColumnBatch, name: ScalarName): void {
    const column = batch.scalar(name);
    if (column === null) return;
    for (let at = 0; at < batch.length; at++) {
      if (isPresent(column.valid, at)) this.lastOf(batch, at).set(name, column.values[at] as number);
    }
  }

  private addList(batch: ColumnBatch, name: ListName): void {
    const column = batch.list(name);
    if (column === null) return;
    const newest = new Map<number, number>();
    for (let at = 0; at < batch.length; at++) {
      if (isPresent(column.valid, at)) newest.set(batch.series[at] as number, at);
    }
    // Copied, so that one list does not keep its whole batch in memory.
    for (const at of newest.values()) {
      this.lastOf(batch, at).set(name, column.values.slice(column.offsets[at], column.offsets[at + 1]));
    }
  }

  private lastOf(batch: ColumnBatch, at: number): Map<StatisticName, StatisticValue> {
    return this.summary(batch.table, batch.series[at] as number).last;
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
