import type { ActivationHistory } from "./activationHistory.js";
import type { BatchNormHistory } from "./batchNormHistory.js";
import type { FlagHistory } from "./flagHistory.js";
import type { GapHistory } from "./gapHistory.js";
import { isBatchNorm, type LayerGraph } from "./layerGraph.js";
import type { RuleSettings } from "./ruleSettings.js";
import type { RuleEvent, RuleLayer, RuleRun, RuleWeight } from "./ruleTypes.js";
import type { WeightHistory } from "./weightHistory.js";

export type NonfiniteEvent = Extract<RuleEvent, { readonly type: "nonfinite" }>;
export type FastPathEvent = Extract<RuleEvent, { readonly type: "fastPath" }>;

/** Captured steps that updated some weight of a model. */
export interface ModelUpdates {
  /** Over the whole run. */
  readonly count: number;
  /** The last of them. */
  readonly step: number;
  /** The last 20, ascending. */
  readonly recent: readonly number[];
}

/** What is known of a run when the rules are judged. */
export interface RuleContext {
  readonly settings: RuleSettings;
  readonly run: RuleRun;
  readonly graph: LayerGraph;
  readonly lastStep: number;
  /** Past the first transient, or about to be used as it is. */
  readonly isWarm: boolean;
  readonly activations: ReadonlyMap<number, ActivationHistory>;
  readonly batchNorms: ReadonlyMap<number, BatchNormHistory>;
  readonly weights: ReadonlyMap<number, WeightHistory>;
  updatesOf(model: string): ModelUpdates;
  readonly nonfiniteEvents: readonly NonfiniteEvent[];
  /** What the probe of the train/inference gap found. */
  readonly gap: GapHistory;
  /** Since when the run's flags hold. */
  readonly flags: FlagHistory;
  /** What fused BatchNorm would bring, where that was measured. */
  readonly fastPath: FastPathEvent | null;
  /** The script predicts between many steps, as in reinforcement learning: then its data follow from its predictions. */
  readonly actsOnPredictions: boolean;
  readonly losses: { readonly first: number; readonly last: number } | null;
}

export function batchNormLayers({ run }: RuleContext): RuleLayer[] {
  return run.layers.filter(isBatchNorm);
}

/** BatchNorm layers that normalised with batch statistics at least once. */
export function trainedBatchNorms({ run, batchNorms }: RuleContext): [RuleLayer, BatchNormHistory][] {
  return run.layers.flatMap((layer): [RuleLayer, BatchNormHistory][] => {
    const history = batchNorms.get(layer.index);
    return history === undefined || history.trainedSteps === 0 ? [] : [[layer, history]];
  });
}

/** Kernels with captured updates: matrices and filters, no biases, γ, β or embeddings; in the order of the layers. */
export function kernels({ run, weights }: RuleContext): [RuleWeight, RuleLayer, WeightHistory][] {
  return run.weights.flatMap((weight): [RuleWeight, RuleLayer, WeightHistory][] => {
    const layer = weight.layer === null ? undefined : run.layers[weight.layer];
    const history = weights.get(weight.index);
    return layer !== undefined && isKernel(weight) && history !== undefined ? [[weight, layer, history]] : [];
  });
}

export function isKernel(weight: RuleWeight): boolean {
  return weight.shape.length >= 2 && weight.name.includes("kernel");
}

/** Three significant digits. */
export function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}

export function percent(share: number): string {
  return `${short(100 * share)} %`;
}
