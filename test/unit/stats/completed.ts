import type { Row, TableName } from "../../../src/stats/catalogue.js";
import type { DerivedRows } from "../../../src/stats/derivedRows.js";

/** The row with what `rows` adds to it; the one given stays as it is. */
export function completed(rows: DerivedRows, table: TableName, step: number, series: number, row: Row): Row {
  const whole = { ...row };
  rows.complete(table, step, series, whole);
  return whole;
}
