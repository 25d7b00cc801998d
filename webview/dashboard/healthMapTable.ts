import type { HealthMapMessage } from "../../src/protocol/views.js";
import { csvText } from "../charts/chartNumbers.js";
import { numbersTable } from "../shared/numbersTable.js";
import { t } from "../shared/translate.js";
import { type MapStatistic, shownValue } from "./mapStatistics.js";

function valuesOf({ values, columns }: HealthMapMessage, row: number): Float64Array {
  return values.subarray(row * columns, (row + 1) * columns);
}

/** Per layer: lowest, highest and last value of the shown steps. */
export function mapTable(
  caption: string,
  data: HealthMapMessage,
  chosen: MapStatistic,
  nameOf: (layer: number) => string,
): HTMLTableElement {
  const rows = data.layers.map((layer, row) => {
    const captured = valuesOf(data, row).filter((value) => !Number.isNaN(value));
    const finite = captured.filter(Number.isFinite).map((value) => shownValue(chosen, value));
    const last = captured.at(-1);
    if (last === undefined)
      return { head: nameOf(layer), cells: [t("notCaptured"), t("notCaptured"), t("notCaptured")] };
    const highest = finite.length < captured.length ? t("nanOrInf") : Math.max(...finite);
    const newest = Number.isFinite(last) ? shownValue(chosen, last) : t("nanOrInf");
    return { head: nameOf(layer), cells: [finite.length > 0 ? Math.min(...finite) : t("nanOrInf"), highest, newest] };
  });
  return numbersTable({ caption, heads: [t("layer"), t("lowest"), t("highest"), t("last")], rows });
}

/** One row per layer, one column per bucket, named by its first step; as recorded, not as logarithms. */
export function mapCsv(data: HealthMapMessage, nameOf: (layer: number) => string): string {
  const width = (data.to - data.from) / data.columns;
  const steps = Array.from({ length: data.columns }, (_, column) => String(Math.ceil(data.from + column * width)));
  const cell = (value: number) => (Number.isNaN(value) ? null : value === Number.POSITIVE_INFINITY ? "NaN" : value);
  const rows = data.layers.map((layer, row) => [nameOf(layer), ...[...valuesOf(data, row)].map(cell)]);
  return csvText(["layer", ...steps], rows);
}
