import { type StatisticName, type TableName, tableNames } from "../stats/catalogue.js";
import type { RuleEngine } from "../stats/rules/ruleEngine.js";
import { type RuleRow, ruleStatistics } from "../stats/rules/ruleRow.js";
import { type Column, type ColumnBatch, valueAt } from "./columnBatch.js";

/** Shows the rules new batches. */
export function showRules(rules: RuleEngine, batches: readonly ColumnBatch[]): void {
  for (const batch of batches) {
    const { table, steps, series, length } = batch;
    const RowOfTable = rowClasses.get(table) as RowClass;
    const columns = statisticsOf(table).map((name) => batch.column(name));
    for (let at = 0; at < length; at++) {
      rules.row(table, steps[at] as number, series[at] as number, new RowOfTable(columns, at));
    }
  }
}

type RowClass = new (columns: readonly (Column | null)[], at: number) => RuleRow;

/** Rows that look into their batch when a rule asks: every row of every run is shown, and little of it looked at. */
const rowClasses = new Map(tableNames.map((table): [TableName, RowClass] => [table, rowClass(table)]));

function rowClass(table: TableName): RowClass {
  class BatchRow {
    constructor(
      readonly columns: readonly (Column | null)[],
      readonly at: number,
    ) {}
  }
  for (const [place, name] of statisticsOf(table).entries()) {
    Object.defineProperty(BatchRow.prototype, name, {
      get(this: BatchRow) {
        const column = this.columns[place] as Column | null;
        return column === null ? undefined : valueAt(column, this.at);
      },
    });
  }
  return BatchRow as RowClass;
}

function statisticsOf(table: TableName): readonly StatisticName[] {
  return ruleStatistics[table];
}
