import type { LayerSummary } from "../../protocol/views.js";
import type { LayerInfo } from "../../run/format.js";

/** The layers that one line made. */
export interface LineOfLayers {
  /** 0-based, in the document as it is now. */
  readonly line: number;
  /** The one that needs attention first comes first. */
  readonly layers: readonly LayerInfo[];
  readonly severity: LayerSummary["severity"];
}

/** The lines of one file that made layers, from top to bottom. */
export function layerLines(
  layers: readonly LayerInfo[],
  summaries: ReadonlyMap<number, LayerSummary>,
  file: string,
  lineNow: (layer: LayerInfo) => number | null,
): LineOfLayers[] {
  const byLine = new Map<number, LayerInfo[]>();
  for (const layer of layers) {
    if (layer.source?.file !== file || layer.call > 1) continue;
    const line = lineNow(layer);
    if (line === null) continue;
    const same = byLine.get(line);
    if (same === undefined) byLine.set(line, [layer]);
    else same.push(layer);
  }
  const attention = (layer: LayerInfo) => summaries.get(layer.index)?.attention ?? 0;
  return [...byLine]
    .map(([line, made]) => ({
      line,
      layers: [...made].sort((a, b) => attention(b) - attention(a) || a.index - b.index),
      severity: Math.max(
        0,
        ...made.map(({ index }) => summaries.get(index)?.severity ?? 0),
      ) as LayerSummary["severity"],
    }))
    .sort((a, b) => a.line - b.line);
}
