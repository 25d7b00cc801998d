import type { LayerSummary, ViewFinding } from "../../protocol/views.js";
import type { ColumnBatch } from "../../run/columnBatch.js";
import type { RunEvent, RunFile, RunStatus } from "../../run/format.js";

const severityOfLevel = { info: 1, warning: 2, error: 3 } as const;

/** What the rules say about a run, kept up to date, and how much attention each layer needs for it. */
export class FindingsKeeper {
  private list: readonly ViewFinding[] = [];
  private worst = new Map<number, LayerSummary["severity"]>();

  get findings(): readonly ViewFinding[] {
    return this.list;
  }

  restore(findings: readonly ViewFinding[]): void {
    this.set(findings);
  }

  clear(): void {
    this.set([]);
  }

  /** True where the findings are others than before. */
  add(_run: RunFile, _status: RunStatus, _batches: readonly ColumnBatch[], _events: readonly RunEvent[]): boolean {
    return false;
  }

  severityOf(layer: number): LayerSummary["severity"] {
    return this.worst.get(layer) ?? 0;
  }

  /** Findings first, then how far the layer drifts or its running statistics are off. */
  attentionOf(layer: number, last: LayerSummary["last"]): number {
    const bounded = (value: number | undefined) => Math.min(10, Math.abs(Number.isNaN(value) ? 10 : (value ?? 0)));
    const measure = Math.max(bounded(last.meanShift), bounded(last.logVarianceRatio), bounded(last.referenceDrift));
    const broken = (last.nanCount ?? 0) + (last.infCount ?? 0) > 0 ? 1000 : 0;
    return this.severityOf(layer) * 100 + broken + measure;
  }

  private set(findings: readonly ViewFinding[]): void {
    this.list = findings;
    this.worst = new Map();
    for (const { layer, level } of findings) {
      if (layer === null) continue;
      this.worst.set(layer, Math.max(this.severityOf(layer), severityOfLevel[level]) as LayerSummary["severity"]);
    }
  }
}
