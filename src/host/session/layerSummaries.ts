import type { LayerSummary } from "../../protocol/views.js";
import type { FindingsKeeper } from "./findingsKeeper.js";
import type { LastRows } from "./lastRows.js";

/** The newest numbers of each layer, with how much attention the findings say that it needs. */
export class LayerSummaries {
  private readonly known = new Map<number, LayerSummary>();

  constructor(private readonly findings: FindingsKeeper) {}

  get all(): ReadonlyMap<number, LayerSummary> {
    return this.known;
  }

  clear(): void {
    this.known.clear();
  }

  /** False where none of the layers has numbers yet. */
  update(layers: Iterable<number>, rows: LastRows): boolean {
    let any = false;
    for (const layer of layers) {
      const found = rows.get(layer);
      if (found === undefined) continue;
      const severity = this.findings.severityOf(layer);
      const attention = this.findings.attentionOf(layer, found.last);
      this.known.set(layer, { layer, step: found.step, last: { ...found.last }, severity, attention });
      any = true;
    }
    return any;
  }
}
