import type { Row } from "../../stats/catalogue.js";
import type { Running } from "../../stats/derivedRows.js";
import { activationRow } from "./activationRow.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Sink } from "./sink.js";
import type { BatchNormalizationLike, LayerLike, LayerVariableLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";
import type { BatchNormCall, TrainingStep } from "./trainingStep.js";

/** What is known of a BatchNorm layer from one step to the next. */
interface Normalization {
  /** Running statistics before the first training call; null until that is near. */
  initial: Row | null;
  /** Data of the running statistics as the last step left them: a variable that is written to has other data. */
  leftMean: object | undefined;
  leftVariance: object | undefined;
  isLeft: boolean;
  /** Running statistics that the script changed since then: by weights it set, or by passes of no step. */
  moved: Running | null;
  /** Training calls since then that belong to no step. */
  outside: number;
  /** Copies of its weights, overwritten in every step. */
  readonly rooms: Rooms;
}

type WeightName = "runningMean" | "runningVariance" | "gamma" | "beta";
type Rooms = { [name in WeightName]: Float64Array | undefined };

/** Turns what a step left into rows of the run folder. */
export class StepRows {
  private readonly known = new WeakMap<LayerLike, Normalization>();
  /** Series that have told what they start from. */
  private readonly begun: boolean[] = [];

  constructor(
    private readonly reader: TensorReader,
    private readonly catalogue: LayerCatalogue,
  ) {}

  private of(layer: LayerLike): Normalization {
    let known = this.known.get(layer);
    if (known === undefined) {
      known = {
        initial: null,
        leftMean: undefined,
        leftVariance: undefined,
        isLeft: false,
        moved: null,
        outside: 0,
        rooms: { runningMean: undefined, runningVariance: undefined, gamma: undefined, beta: undefined },
      };
      this.known.set(layer, known);
    }
    return known;
  }

  /** Before a BatchNorm layer's first training call in a step: what it starts from. */
  rememberBefore(layer: BatchNormalizationLike): void {
    if (layer.built === false) return;
    const known = this.of(layer);
    const { movingMean, movingVariance } = layer;
    if (known.isLeft) {
      if (movingMean?.val?.dataId === known.leftMean && movingVariance?.val?.dataId === known.leftVariance) return;
    } else if (known.initial !== null) return;
    const runningMean = this.weight("runningMean", movingMean, known.rooms);
    const runningVariance = this.weight("runningVariance", movingVariance, known.rooms);
    if (runningMean === undefined || runningVariance === undefined) return;
    const running = { mean: Float64Array.from(runningMean), variance: Float64Array.from(runningVariance) };
    if (known.isLeft) known.moved = running;
    else known.initial = { passes: 0, runningMean: running.mean, runningVariance: running.variance };
  }

  /** A training call outside of all steps, as a GAN makes its examples: it moves the running statistics too. */
  trainedOutside(layer: BatchNormalizationLike): void {
    this.of(layer).outside++;
  }

  write(
    sink: Sink,
    step: number,
    content: TrainingStep,
    isTrained: (root: LayerLike) => boolean,
  ): { batchSize: number | null } {
    const others = new Map<LayerLike, boolean>();
    const belongs = (root: LayerLike): boolean => {
      if (content.trainedRoots.has(root)) return true;
      const known = others.get(root);
      if (known !== undefined) return known;
      const answer = isTrained(root);
      others.set(root, answer);
      return answer;
    };
    for (const { index, root, activation } of content.calls.values()) {
      if (!belongs(root)) continue;
      this.catalogue.stepCounted(index);
      if (activation !== null) sink.row("activations", step, index, activationRow(activation));
    }
    for (const call of content.batchNorms.values()) {
      const { index, layer, root } = call;
      if (!belongs(root)) continue;
      const known = this.of(layer);
      const hasBegun = this.begun[index] === true;
      if (known.initial !== null && !hasBegun) sink.row("batchNorm", step - 1, index, known.initial);
      if (known.moved !== null && hasBegun) sink.running(index, known.moved);
      this.begun[index] = true;
      sink.row(
        "batchNorm",
        step,
        index,
        this.batchNormRow(call, known, (content.passes.get(layer) ?? 0) + known.outside),
      );
      known.isLeft = true;
      known.leftMean = layer.movingMean?.val?.dataId;
      known.leftVariance = layer.movingVariance?.val?.dataId;
    }
    for (const { layer } of content.batchNorms.values()) {
      const known = this.of(layer);
      known.moved = null;
      known.outside = 0;
    }
    return { batchSize: content.batchSize };
  }

  private batchNormRow({ layer, statistics }: BatchNormCall, { rooms }: Normalization, passes: number): Row {
    return {
      passes,
      runningMean: this.weight("runningMean", layer.movingMean, rooms),
      runningVariance: this.weight("runningVariance", layer.movingVariance, rooms),
      gamma: this.weight("gamma", layer.gamma, rooms),
      beta: this.weight("beta", layer.beta, rooms),
      batchMean: statistics?.mean,
      batchVariance: statistics?.variance,
      valuesPerChannel: statistics?.valuesPerChannel,
    };
  }

  private weight(name: WeightName, weight: LayerVariableLike | undefined, rooms: Rooms): Float64Array | undefined {
    const variable = weight?.val;
    if (variable === undefined || variable.isDisposed === true) return undefined;
    const values = this.reader.copy(variable, rooms[name]) ?? undefined;
    if (values !== undefined) rooms[name] = values;
    return values;
  }
}
