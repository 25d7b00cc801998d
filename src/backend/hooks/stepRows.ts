import type { Row } from "../../stats/catalogue.js";
import type { Running } from "../../stats/derivedRows.js";
import { activationRow } from "./activationRow.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Sink } from "./sink.js";
import type { BatchNormalizationLike, LayerLike, LayerVariableLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";
import type { BatchNormCall, TrainingStep } from "./trainingStep.js";

/** Filled in place: one is made for each layer in every step, and joining objects is dear. */
type WritableRow = { -readonly [name in keyof Row]: Row[name] };

/** Turns what a step left into rows of the run folder. */
export class StepRows {
  /** BatchNorm layers whose running statistics before the first training call are known. */
  private readonly initial = new WeakMap<LayerLike, Row>();
  /** Data of the running statistics as the last step left them: a variable that is written to has other data. */
  private readonly left = new WeakMap<LayerLike, readonly (object | undefined)[]>();
  /** Running statistics that the script changed since then: by weights it set, or by passes of no step. */
  private readonly moved = new Map<LayerLike, Running>();
  /** Training calls since then that belong to no step. */
  private readonly outside = new Map<LayerLike, number>();
  /** Series that have told what they start from. */
  private readonly begun = new Set<number>();
  /** Copies of weights, overwritten in every step. */
  private readonly rooms = new WeakMap<LayerVariableLike, Float64Array>();

  constructor(
    private readonly reader: TensorReader,
    private readonly catalogue: LayerCatalogue,
  ) {}

  /** Before a BatchNorm layer's first training call in a step: what it starts from. */
  rememberBefore(layer: BatchNormalizationLike): void {
    if (layer.built === false) return;
    const left = this.left.get(layer);
    if (left !== undefined && runningData(layer).every((dataId, index) => dataId === left[index])) return;
    if (left === undefined && this.initial.has(layer)) return;
    const { runningMean, runningVariance } = this.running(layer);
    if (runningMean === undefined || runningVariance === undefined) return;
    const running = { mean: Float64Array.from(runningMean), variance: Float64Array.from(runningVariance) };
    if (left !== undefined) this.moved.set(layer, running);
    else this.initial.set(layer, { passes: 0, runningMean: running.mean, runningVariance: running.variance });
  }

  /** A training call outside of all steps, as a GAN makes its examples: it moves the running statistics too. */
  trainedOutside(layer: BatchNormalizationLike): void {
    this.outside.set(layer, (this.outside.get(layer) ?? 0) + 1);
  }

  write(
    sink: Sink,
    step: number,
    content: TrainingStep,
    isTrained: (root: LayerLike) => boolean,
  ): { batchSize: number | null } {
    const trained = new Map<LayerLike, boolean>();
    const belongs = (root: LayerLike): boolean => {
      const known = trained.get(root);
      if (known !== undefined) return known;
      const answer = content.trainedRoots.has(root) || isTrained(root);
      trained.set(root, answer);
      return answer;
    };
    for (const { index, root, activation } of content.calls.values()) {
      if (!belongs(root)) continue;
      this.catalogue.stepCounted(index);
      if (activation !== null) sink.row("activations", step, index, activationRow(activation));
    }
    for (const call of content.batchNorms.values()) {
      if (!belongs(call.root)) continue;
      const initial = this.initial.get(call.layer);
      if (initial !== undefined && !this.begun.has(call.index)) sink.row("batchNorm", step - 1, call.index, initial);
      const moved = this.moved.get(call.layer);
      if (moved !== undefined && this.begun.has(call.index)) sink.running(call.index, moved);
      this.begun.add(call.index);
      const passes = (content.passes.get(call.layer) ?? 0) + (this.outside.get(call.layer) ?? 0);
      sink.row("batchNorm", step, call.index, this.batchNormRow(call, passes));
      this.left.set(call.layer, runningData(call.layer));
    }
    for (const { layer } of content.batchNorms.values()) {
      this.moved.delete(layer);
      this.outside.delete(layer);
    }
    return { batchSize: content.batchSize };
  }

  private batchNormRow({ layer, statistics }: BatchNormCall, passes: number): Row {
    const row: WritableRow = { passes };
    this.put(row, "runningMean", layer.movingMean);
    this.put(row, "runningVariance", layer.movingVariance);
    this.put(row, "gamma", layer.gamma);
    this.put(row, "beta", layer.beta);
    if (statistics === null) return row;
    row.batchMean = statistics.mean;
    row.batchVariance = statistics.variance;
    row.valuesPerChannel = statistics.valuesPerChannel;
    return row;
  }

  private running(layer: BatchNormalizationLike): Row {
    const row: WritableRow = {};
    this.put(row, "runningMean", layer.movingMean);
    this.put(row, "runningVariance", layer.movingVariance);
    return row;
  }

  private put(
    row: WritableRow,
    name: "runningMean" | "runningVariance" | "gamma" | "beta",
    weight: LayerVariableLike | undefined,
  ): void {
    const variable = weight?.val;
    if (weight === undefined || variable === undefined || variable.isDisposed === true) return;
    const room = this.rooms.get(weight);
    const values = this.reader.copy(variable, room);
    if (values === null) return;
    if (values !== room) this.rooms.set(weight, values);
    row[name] = values;
  }
}

function runningData({ movingMean, movingVariance }: BatchNormalizationLike): (object | undefined)[] {
  return [movingMean?.val?.dataId, movingVariance?.val?.dataId];
}
