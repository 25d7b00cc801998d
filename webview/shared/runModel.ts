import type { EpochMetrics, LayerSummary, RunHeader, SnapshotMessage, ViewFinding } from "../../src/protocol/views.js";
import type { LayerInfo, WeightInfo } from "../../src/run/format.js";
import type { ProbeName } from "../../src/run/probes.js";
import { isBatchNorm } from "./isBatchNorm.js";
import { worstDrift } from "./worstDrift.js";

const judgedFromStep = 50;

/** What the host has said about the run, as of now. */
export class RunModel {
  header: RunHeader | null = null;
  layers: readonly LayerInfo[] = [];
  weights: readonly WeightInfo[] = [];
  findings: readonly ViewFinding[] = [];
  epochs: readonly EpochMetrics[] = [];
  readonly summaries = new Map<number, LayerSummary>();

  get runId(): string | null {
    return this.header?.run?.id ?? null;
  }

  /** Those that were asked for. */
  get probes(): readonly ProbeName[] {
    return this.header?.run?.probes?.names ?? [];
  }

  /** Of which anything is known: that of a step that was cut off, too. */
  get newestStep(): number {
    let newest = this.header?.run?.steps ?? 0;
    for (const { step } of this.summaries.values()) if (step > newest) newest = step;
    return newest;
  }

  /** Enough steps are known to say which layer is the worst: all of an ended run, some fifty of a running one. */
  get isJudged(): boolean {
    const run = this.header?.run ?? null;
    if (run === null) return false;
    let reached = 0;
    for (const { step } of this.summaries.values()) if (step > reached) reached = step;
    return reached > 0 && reached >= (run.status === "running" ? judgedFromStep : 0.9 * run.steps);
  }

  /** True when this is another run than before. */
  takeSnapshot({ header, layers, weights, summaries, findings }: SnapshotMessage): boolean {
    const isOther = (header.run?.id ?? null) !== this.runId;
    if (isOther) this.epochs = [];
    this.header = header;
    this.layers = layers;
    this.weights = weights;
    this.findings = findings;
    this.summaries.clear();
    this.takeSummaries(summaries);
    return isOther;
  }

  takeSummaries(summaries: readonly LayerSummary[]): void {
    for (const summary of summaries) this.summaries.set(summary.layer, summary);
  }

  /** Layers whose data is the same series, e.g. after new ones were added behind them. */
  layer(index: number | null): LayerInfo | undefined {
    return index === null ? undefined : this.layers[index];
  }

  /** The one to look at first: with a finding that matters, else the one that drifts most; BatchNorm before others. */
  get worstLayer(): LayerInfo | undefined {
    return this.worstOf(this.sorted);
  }

  /** Worst first, as `worstLayer` has it; equals stay in model order. */
  get byAttention(): LayerInfo[] {
    const { sorted } = this;
    const worst = this.worstOf(sorted);
    return worst === undefined ? sorted : [worst, ...sorted.filter((layer) => layer !== worst)];
  }

  private get sorted(): LayerInfo[] {
    const attention = ({ index }: LayerInfo) => {
      const known = this.summaries.get(index)?.attention ?? -Number.MAX_VALUE;
      return Number.isNaN(known) ? Number.MAX_VALUE : known;
    };
    return [...this.layers].sort((a, b) => attention(b) - attention(a) || a.index - b.index);
  }

  private worstOf(sorted: readonly LayerInfo[]): LayerInfo | undefined {
    const troubled = sorted.filter(({ index }) => (this.summaries.get(index)?.severity ?? 0) > 1);
    if (troubled.length > 0) return troubled.find(isBatchNorm) ?? troubled[0];
    const drifting = worstDrift(this.summaries.values())?.layer ?? null;
    return this.layer(drifting) ?? sorted.find(isBatchNorm) ?? sorted[0];
  }
}
