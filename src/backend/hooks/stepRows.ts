import type { Row } from "../../stats/catalogue.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Sink } from "./observer.js";
import type { BatchNormalizationLike, LayerLike, LayerVariableLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";
import type { BatchNormCall, TrainingStep } from "./trainingStep.js";

/** Turns what a step left into rows of the run folder. */
export class StepRows {
  /** BatchNorm layers whose running statistics before the first training call are known. */
  private readonly initial = new WeakMap<LayerLike, Row>();
  /** Series that have told what they start from. */
  private readonly begun = new Set<number>();
  /** Copies of weights, overwritten in every step. */
  private readonly rooms = new WeakMap<LayerVariableLike, Float64Array>();

  constructor(
    private readonly reader: TensorReader,
    private readonly catalogue: LayerCatalogue,
  ) {}

  /** Before a BatchNorm layer's first training call: what it starts from. */
  rememberInitial(layer: BatchNormalizationLike): void {
    if (this.initial.has(layer) || layer.built === false) return;
    const { runningMean, runningVariance } = this.running(layer);
    if (runningMean === undefined || runningVariance === undefined) return;
    this.initial.set(layer, {
      passes: 0,
      runningMean: Float64Array.from(runningMean),
      runningVariance: Float64Array.from(runningVariance),
    });
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
      if (activation !== null) sink.row("activations", step, index, activation.row);
    }
    for (const call of content.batchNorms.values()) {
      if (!belongs(call.root)) continue;
      const initial = this.initial.get(call.layer);
      if (initial !== undefined && !this.begun.has(call.index)) sink.row("batchNorm", step - 1, call.index, initial);
      this.begun.add(call.index);
      sink.row("batchNorm", step, call.index, this.batchNormRow(call, content.passes.get(call.layer) ?? 0));
    }
    return { batchSize: content.batchSize };
  }

  private batchNormRow({ layer, statistics }: BatchNormCall, passes: number): Row {
    const now: Row = {
      passes,
      ...this.running(layer),
      ...this.values("gamma", layer.gamma),
      ...this.values("beta", layer.beta),
    };
    if (statistics === null) return now;
    const { mean, variance, valuesPerChannel } = statistics;
    return { ...now, batchMean: mean, batchVariance: variance, valuesPerChannel };
  }

  private running(layer: BatchNormalizationLike): Row {
    return { ...this.values("runningMean", layer.movingMean), ...this.values("runningVariance", layer.movingVariance) };
  }

  private values(
    name: "runningMean" | "runningVariance" | "gamma" | "beta",
    weight: LayerVariableLike | undefined,
  ): Row {
    const variable = weight?.val;
    if (weight === undefined || variable === undefined || variable.isDisposed === true) return {};
    const values = this.reader.copy(variable, this.rooms.get(weight));
    if (values === null) return {};
    this.rooms.set(weight, values);
    return { [name]: values };
  }
}
