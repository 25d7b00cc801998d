import { type TableName, tableNames } from "../stats/catalogue.js";
import type { RuleEngine } from "../stats/rules/ruleEngine.js";
import { ruleStatistics } from "../stats/rules/ruleRow.js";
import type { ColumnBatch } from "./columnBatch.js";

const wanted = new Map(
  tableNames.map((table): [TableName, ReadonlySet<string>] => [table, new Set(ruleStatistics[table])]),
);

/** Shows the rules new batches: no more of each row than they read, for this is done with every row of every run. */
export function showRules(rules: RuleEngine, batches: readonly ColumnBatch[]): void {
  for (const batch of batches) {
    const { table, steps, series, length } = batch;
    const rowAt = batch.rows(wanted.get(table));
    for (let at = 0; at < length; at++) rules.row(table, steps[at] as number, series[at] as number, rowAt(at));
  }
}
