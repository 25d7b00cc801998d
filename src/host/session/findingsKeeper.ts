import type { LayerSummary, ViewFinding } from "../../protocol/views.js";

const severityOfLevel = { info: 1, warning: 2, error: 3 } as const;

/** What the rules have found in a run, and how much attention each layer needs for it. */
export class FindingsKeeper {
  private list: readonly ViewFinding[] = [];
  private worst = new Map<number, LayerSummary["severity"]>();

  get findings(): readonly ViewFinding[] {
    return this.list;
  }

  severityOf(layer: number): LayerSummary["severity"] {
    return this.worst.get(layer) ?? 0;
  }

  /**
   * What is not finite first, then findings, then BatchNorm layers by how far inference is off the batches, then the others
   * by how far they drift.
   */
  attentionOf(layer: number, last: LayerSummary["last"]): number {
    const bounded = (value: number) => Math.min(10, Math.abs(Number.isNaN(value) ? 10 : value));
    const { meanShift, referenceDrift = 0, nanCount = 0, infCount = 0 } = last;
    const drift = meanShift === undefined ? bounded(referenceDrift) : 20 + bounded(meanShift);
    return (nanCount + infCount > 0 ? 1000 : 0) + this.severityOf(layer) * 100 + drift;
  }

  set(findings: readonly ViewFinding[]): void {
    this.list = findings;
    this.worst = new Map();
    for (const { layer, level } of findings) {
      if (layer === null) continue;
      this.worst.set(layer, Math.max(this.severityOf(layer), severityOfLevel[level]) as LayerSummary["severity"]);
    }
  }
}
