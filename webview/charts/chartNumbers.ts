import type { Points } from "./points.js";

export interface NumberColumn {
  readonly name: string;
  readonly kind: "line" | "band";
  readonly points: Points;
}

export interface NumberRow {
  readonly step: number;
  /** One per column, and for bands low and high; null where that series has no point at this step. */
  readonly values: readonly (number | null)[];
}

export function columnNames(columns: readonly NumberColumn[]): string[] {
  return columns.flatMap(({ name, kind }) => (kind === "band" ? [`${name}Low`, `${name}High`] : [name]));
}

/** The points of all columns, joined by step, oldest first. */
export function numberRows(columns: readonly NumberColumn[]): NumberRow[] {
  const steps = new Set<number>();
  for (const { points } of columns) for (let i = 0; i < points.length; i++) steps.add(points.step[i] as number);
  const next = columns.map(() => 0);
  return [...steps]
    .sort((a, b) => a - b)
    .map((step) => ({
      step,
      values: columns.flatMap(({ points, kind }, c) => {
        const i = next[c] as number;
        const here = i < points.length && points.step[i] === step;
        if (here) next[c] = i + 1;
        if (kind === "band") return here ? [points.low[i] as number, points.high[i] as number] : [null, null];
        return [here ? (points.value[i] as number) : null];
      }),
    }));
}

/** The joined rows, see `csvText`. */
export function toCsv(columns: readonly NumberColumn[]): string {
  const rows = numberRows(columns).map(({ step, values }) => [step, ...values]);
  return csvText(["step", ...columnNames(columns)], rows);
}

/** RFC 4180; a value that was not captured is empty, NaN and Infinity are words. */
export function csvText(heads: readonly string[], rows: readonly (readonly (number | string | null)[])[]): string {
  const field = (value: number | string | null) => (typeof value === "string" ? quote(value) : String(value ?? ""));
  return [heads, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** A leading = + - @ would be run as a formula by spreadsheets; names of layers and logs are not ours. */
function quote(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
