import type { HealthMapMessage } from "../../src/protocol/views.js";

type Cells = Pick<HealthMapMessage, "values" | "columns">;

/**
 * The column whose value is still the last known one at a cell without a capture: captures come in bursts, and a hole
 * between two of them would look like something that happened to the layer. Null for a captured cell, and before the
 * layer's first capture.
 */
export function heldFrom({ values, columns }: Cells, row: number, column: number): number | null {
  const start = row * columns;
  if (!Number.isNaN(values[start + column])) return null;
  for (let at = column - 1; at >= 0; at--) if (!Number.isNaN(values[start + at])) return at;
  return null;
}

/** One row of the map with each gap filled by the value before it, and NaN where there was a capture. */
export function heldRow({ values, columns }: Cells, row: number): Float64Array {
  const held = new Float64Array(columns).fill(Number.NaN);
  let last = Number.NaN;
  for (let column = 0; column < columns; column++) {
    const value = values[row * columns + column] as number;
    if (Number.isNaN(value)) held[column] = last;
    else last = value;
  }
  return held;
}
