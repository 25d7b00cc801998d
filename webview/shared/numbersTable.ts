import { formatNumber } from "./format.js";
import { h } from "./h.js";

export interface NumbersTable {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly rows: readonly {
    readonly head: string;
    /** A text stands for itself; null = not captured. */
    readonly cells: readonly (number | string | null)[];
  }[];
}

/** Numbers as a table; NaN and Inf stand out. */
export function numbersTable({ caption, heads, rows }: NumbersTable): HTMLTableElement {
  return h(
    "table",
    { class: "numbers" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h(
      "tbody",
      {},
      ...rows.map(({ head, cells }) =>
        h("tr", {}, h("th", { scope: "row", title: head }, h("bdi", {}, head)), ...cells.map(cell)),
      ),
    ),
  );
}

function cell(value: number | string | null): HTMLElement {
  if (typeof value === "string") return h("td", {}, value);
  const isBad = value !== null && !Number.isFinite(value);
  return h("td", { class: isBad ? "nonfinite" : null }, formatNumber(value));
}
