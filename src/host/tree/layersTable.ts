import type { LayerSummary } from "../../protocol/views.js";
import type { LayerInfo } from "../../run/format.js";
import type { StatisticName } from "../../stats/catalogue.js";

const columns = [
  "mean",
  "variance",
  "min",
  "max",
  "zeroFraction",
  "nanCount",
  "infCount",
  "referenceDrift",
  "meanShift",
  "logVarianceRatio",
  "updateRatio",
] as const satisfies readonly StatisticName[];

/** Tab-separated, full precision, one line a layer; a value that was not captured is empty. */
export function layersTable(layers: readonly LayerInfo[], summaries: ReadonlyMap<number, LayerSummary>): string {
  const head = ["layer", "class", "step", ...columns, "source"];
  const lines = layers.map((layer) => {
    const summary = summaries.get(layer.index);
    const numbers = columns.map((name) => summary?.last[name] ?? "");
    const source = layer.source === null ? "" : `${layer.source.file}:${layer.source.line}:${layer.source.column}`;
    return [layer.path, layer.className, summary?.step ?? "", ...numbers, source];
  });
  return [head, ...lines].map((cells) => cells.map(oneCell).join("\t")).join("\n");
}

function oneCell(value: string | number): string {
  return String(value).replace(/[\t\r\n]+/g, " ");
}
