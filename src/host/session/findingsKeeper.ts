import type { LayerSummary, ViewFinding } from "../../protocol/views.js";
import type { ColumnBatch } from "../../run/columnBatch.js";
import type { RunEvent, RunFile, RunStatus } from "../../run/format.js";
import { showRules } from "../../run/showRules.js";
import { RuleEngine } from "../../stats/rules/ruleEngine.js";
import type { RuleSettings } from "../../stats/rules/ruleSettings.js";

const severityOfLevel = { info: 1, warning: 2, error: 3 } as const;
const judgeEveryMs = 1000;

/** What came with one poll of the run. */
export interface RunNews {
  readonly run: RunFile;
  readonly layersChanged: boolean;
  readonly status: RunStatus;
  readonly batches: readonly ColumnBatch[];
  readonly events: readonly RunEvent[];
  /** More can be read at once: what is known now is not the end. */
  readonly more: boolean;
}

/** What the rules say about a run, kept up to date, and how much attention each layer needs for it. */
export class FindingsKeeper {
  private engine: RuleEngine;
  private list: readonly ViewFinding[] = [];
  private text = "[]";
  private worst = new Map<number, LayerSummary["severity"]>();
  private judgedAtMs = 0;
  private hasNews = false;
  private judgedEnd = false;

  constructor(private readonly settings: Partial<RuleSettings>) {
    this.engine = new RuleEngine(settings);
  }

  get findings(): readonly ViewFinding[] {
    return this.list;
  }

  /** Findings of an ended run that were kept: it is not judged again. */
  restore(findings: readonly ViewFinding[]): void {
    this.set(findings);
    this.judgedEnd = true;
  }

  clear(): void {
    this.engine = new RuleEngine(this.settings);
    this.judgedEnd = false;
    this.set([]);
  }

  /** True where the findings are others than before. */
  add({ run, layersChanged, status, batches, events, more }: RunNews, nowMs = Date.now()): boolean {
    if (layersChanged) this.engine.setRun(run);
    for (const event of events) this.engine.event(event);
    showRules(this.engine, batches);
    this.hasNews ||= (layersChanged && !this.judgedEnd) || batches.length > 0 || events.length > 0;
    const ended = status !== "running";
    if (more || (ended ? this.judgedEnd && !this.hasNews : !this.hasNews || nowMs - this.judgedAtMs < judgeEveryMs)) {
      return false;
    }
    this.hasNews = false;
    this.judgedAtMs = nowMs;
    this.judgedEnd = ended;
    return this.set(this.engine.findings({ ended }));
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

  private set(findings: readonly ViewFinding[]): boolean {
    const text = JSON.stringify(findings);
    if (text === this.text) return false;
    this.text = text;
    this.list = findings;
    this.worst = new Map();
    for (const { layer, level } of findings) {
      if (layer === null) continue;
      this.worst.set(layer, Math.max(this.severityOf(layer), severityOfLevel[level]) as LayerSummary["severity"]);
    }
    return true;
  }
}
