import { windowSteps } from "../batchNormWindow.js";
import type { TableName } from "../catalogue.js";
import { ActivationHistory, type DataRole } from "./activationHistory.js";
import { BatchNormHistory } from "./batchNormHistory.js";
import { FlagHistory } from "./flagHistory.js";
import { GapHistory } from "./gapHistory.js";
import { isClassifier, LayerGraph } from "./layerGraph.js";
import { RecentValues } from "./recentValues.js";
import type { Rule } from "./rule.js";
import type { FastPathEvent, NonfiniteEvent, RuleContext } from "./ruleContext.js";
import type { RuleRow } from "./ruleRow.js";
import { defaultRuleSettings, type RuleSettings } from "./ruleSettings.js";
import { rules } from "./ruleTable.js";
import type { Finding, FindingLevel, Problem, RuleEvent, RuleLayer, RuleRun, SourceLine } from "./ruleTypes.js";
import { WeightHistory } from "./weightHistory.js";

/** Steps between two judgements that calls of predict, evaluate or save set off. */
const phaseDistanceSteps = 20;
/** Only the first ones matter. */
const maximumEvents = 100;
const lossWindow = 20;
/** Share of the steps before which a script predicts that learns from what its predictions led to: PPO updates several times in between. */
const actingShare = 0.1;
const severity: Readonly<Record<FindingLevel, number>> = { error: 0, warning: 1, info: 2 };

interface Phase {
  readonly step: number;
  readonly model: string;
}

/**
 * Judges a run by the rules of definitions §5. Rows of one series come in ascending steps; rows and events need no order
 * among them. Memory: some kB per layer, and about 30 bytes per BatchNorm channel.
 */
export class RuleEngine {
  private readonly settings: RuleSettings;
  private run: RuleRun = { layers: [], weights: [] };
  private graph = new LayerGraph([]);
  private readonly activations = new Map<number, ActivationHistory>();
  private readonly batchNorms = new Map<number, BatchNormHistory>();
  private readonly weights = new Map<number, WeightHistory>();
  private readonly updates = new Map<string, { step: number; count: number; readonly recent: number[] }>();
  private readonly nonfiniteEvents: NonfiniteEvent[] = [];
  private fastPath: FastPathEvent | null = null;
  private firstLoss: number | null = null;
  private readonly recentLosses = new RecentValues(lossWindow);
  private readonly gap = new GapHistory();
  private readonly flags = new FlagHistory();
  private lastStep = 0;
  private pending: Phase | null = null;
  private predictedSteps = 0;
  private lastPredictedStep = 0;
  private judgedStep = Number.NEGATIVE_INFINITY;
  /** Per model: what the rules that wait found when it was last used for inference. */
  private readonly judged = new Map<string, readonly Finding[]>();

  constructor(settings: Partial<RuleSettings> = {}) {
    this.settings = { ...defaultRuleSettings, ...settings };
  }

  /** The run's layers and weights; again whenever they change. */
  setRun(run: RuleRun): void {
    this.run = run;
    this.graph = new LayerGraph(run.layers);
  }

  row(table: TableName, step: number, series: number, row: RuleRow): void {
    this.lastStep = Math.max(this.lastStep, step);
    switch (table) {
      case "activations":
        entry(this.activations, series, ActivationHistory).add(step, row, this.roleOf(series));
        break;
      case "batchNorm":
        entry(this.batchNorms, series, BatchNormHistory).add(step, row, this.layer(series)?.config.epsilon ?? 1e-3);
        break;
      case "weights":
        entry(this.weights, series, WeightHistory).add(step, row);
        this.countUpdate(step, series);
        break;
      case "probes":
        if (row.lossGapRatio !== undefined) this.gap.add(step, row);
        break;
      case "steps":
        if (row.loss !== undefined && Number.isFinite(row.loss)) this.firstLoss ??= row.loss;
        this.recentLosses.push(row.loss);
        break;
      default:
        table satisfies never;
    }
  }

  event(event: RuleEvent): void {
    if (event.type === "nonfinite" && this.nonfiniteEvents.length < maximumEvents) this.nonfiniteEvents.push(event);
    if (event.type === "fastPath") this.fastPath = event;
    if (event.type === "flags") this.flags.add(event);
    if (event.type !== "phase") return;
    if (event.phase === "predict" && event.step !== this.lastPredictedStep) {
      this.predictedSteps++;
      this.lastPredictedStep = event.step;
    }
    // Events and rows are read from different files: this one may come long after the rows that followed it.
    const isStale = this.lastStep - event.step >= phaseDistanceSteps;
    if (isStale || event.step - this.judgedStep < phaseDistanceSteps) return;
    this.pending = { step: event.step, model: event.model };
  }

  /** `ended`: training is over; what could still have become right is judged too. Worst first. */
  findings({ ended }: { readonly ended: boolean }): Finding[] {
    if (this.pending !== null && this.lastStep >= this.pending.step) this.judge(this.pending);
    const isWarm = ended || this.lastStep >= this.settings.warmSteps;
    const fresh = this.check(isWarm, ({ timing }) => timing === "always" || ended || (timing === "warm" && isWarm));
    const freshIds = new Set(fresh.map(({ id }) => id));
    const stored = ended ? [] : [...this.judged.values()].flat().filter(({ id }) => !freshIds.has(id));
    return [...fresh, ...stored].sort(
      (a, b) => severity[a.level] - severity[b.level] || a.step - b.step || (a.layer ?? -1) - (b.layer ?? -1),
    );
  }

  /** The model is used for inference: what waits for that is judged now. */
  private judge(phase: Phase): void {
    this.pending = null;
    this.judgedStep = phase.step;
    const found = this.check(true, ({ timing }) => timing !== "always");
    const own = found.filter(({ layer }) => layer !== null && this.layer(layer)?.model === phase.model);
    this.judged.set(phase.model, own);
  }

  private check(isWarm: boolean, isWanted: (rule: Rule) => boolean): Finding[] {
    const context: RuleContext = {
      settings: this.settings,
      run: this.run,
      graph: this.graph,
      lastStep: this.lastStep,
      isWarm,
      activations: this.activations,
      batchNorms: this.batchNorms,
      weights: this.weights,
      updatesOf: (model) => this.updates.get(model) ?? { step: 0, count: 0, recent: [] },
      nonfiniteEvents: this.nonfiniteEvents,
      gap: this.gap,
      flags: this.flags,
      fastPath: this.fastPath,
      actsOnPredictions: this.predictedSteps > actingShare * this.lastStep,
      losses: this.firstLoss === null ? null : { first: this.firstLoss, last: this.recentLosses.median },
    };
    return rules
      .filter((rule) => isWanted(rule) && !this.settings.disabled.includes(rule.id))
      .flatMap((rule) => Array.from(rule.check(context), (problem) => this.finding(rule, problem)));
  }

  private finding(rule: Rule, problem: Problem): Finding {
    const { level, message, channel = null, step = this.lastStep, action = rule.action } = problem;
    const layer = problem.layer === null ? null : (this.layer(problem.layer) ?? null);
    const source = layer?.source ?? null;
    const place = [
      ...(layer === null ? [] : [`${layer.path}${source === null ? "" : ` (${lineOf(source)})`}`]),
      ...(channel === null ? [] : [`channel ${channel}`]),
      `step ${step}`,
    ].join(", ");
    return { id: rule.id, level, layer: problem.layer, channel, step, message: `${place}: ${message}`, action, source };
  }

  private countUpdate(step: number, series: number): void {
    const layer = this.run.weights[series]?.layer;
    const model = layer === null || layer === undefined ? undefined : this.layer(layer)?.model;
    if (model === undefined) return;
    const known = this.updates.get(model);
    if (known === undefined) this.updates.set(model, { step, count: 1, recent: [step] });
    else if (known.step !== step) {
      known.step = step;
      known.count++;
      if (known.recent.push(step) > windowSteps) known.recent.shift();
    }
  }

  private roleOf(series: number): DataRole {
    const layer = this.layer(series);
    if (layer === undefined) return null;
    // What a model is given a second time in a pass is what another made, as in a GAN.
    if (layer.inbound.length === 0) return (layer.call ?? 1) === 1 ? "input" : null;
    return isClassifier(layer) ? "classes" : null;
  }

  private layer(index: number): RuleLayer | undefined {
    return this.run.layers[index];
  }
}

function entry<Value>(map: Map<number, Value>, key: number, Type: new () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Type();
  map.set(key, made);
  return made;
}

/** `train.js:12` */
function lineOf({ file, line }: SourceLine): string {
  return `${file.split(/[\\/]/).at(-1)}:${line}`;
}
