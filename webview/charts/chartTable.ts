import { numbersTable } from "../shared/numbersTable.js";
import { t } from "../shared/translate.js";
import { placeText } from "./axisText.js";
import { columnNames, type NumberColumn, numberRows } from "./chartNumbers.js";
import type { Viewport } from "./viewport.js";

const rowLimit = 200;

/** The points of a chart as a table; where there are very many, those around the cursor (null: the newest). */
export function chartTable(
  title: string,
  columns: readonly NumberColumn[],
  { cursor: step, axis }: Pick<Viewport, "cursor" | "axis">,
): HTMLTableElement {
  const rows = numberRows(columns);
  const found = step === null ? -1 : rows.findIndex((row) => row.step >= step);
  const middle = found < 0 ? rows.length : found;
  const start = Math.max(0, Math.min(middle - rowLimit / 2, rows.length - rowLimit));
  const shown = rows.slice(start, start + rowLimit);
  const caption =
    shown.length === rows.length
      ? t("tableAll", title, rows.length)
      : t("tableRows", title, shown.length, placeText(axis, step ?? rows.at(-1)?.step ?? 0), rows.length);
  return numbersTable({
    caption,
    heads: [t(axis === "step" ? "step" : axis === "epoch" ? "epoch" : "elapsed"), ...columnNames(columns)],
    rows: shown.map(({ step: at, values }) => ({ head: placeText(axis, at), cells: values })),
  });
}
