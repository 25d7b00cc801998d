import type { Row } from "../../stats/catalogue.js";
import type { Running } from "../../stats/derivedRows.js";
import { activationRow } from "./activationRow.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Sink } from "./sink.js";
import type { BatchNormalizationLike, LayerLike, LayerVariableLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";
import type { BatchNormCall, TrainingStep } from "./trainingStep.js";

/** Filled in place: one is made for each layer in every step, and joining objects is dear. */
export type WritableRow = { -readonly [name in keyof Row]: Row[name] };

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
  readonly rooms: { [name in WeightName]?: Float64Array };
}

type WeightName = "runningMean" | "runningVariance" | "gamma" | "beta";

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
        rooms: {},
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
    const { runningMean, runningVariance } = this.running(layer, known);
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
    const row: WritableRow = { passes };
    this.put(row, rooms, "runningMean", layer.movingMean);
    this.put(row, rooms, "runningVariance", layer.movingVariance);
    this.put(row, rooms, "gamma", layer.gamma);
    this.put(row, rooms, "beta", layer.beta);
    if (statistics === null) return row;
    row.batchMean = statistics.mean;
    row.batchVariance = statistics.variance;
    row.valuesPerChannel = statistics.valuesPerChannel;
    return row;
  }

  private running({ movingMean, movingVariance }: BatchNormalizationLike, { rooms }: Normalization): Row {
    const row: WritableRow = {};
    this.put(row, rooms, "runningMean", movingMean);
    this.put(row, rooms, "runningVariance", movingVariance);
    return row;
  }

  private put(
    row: WritableRow,
    rooms: Normalization["rooms"],
    name: WeightName,
    weight: LayerVariableLike | undefined,
  ): void {
    const variable = weight?.val;
    if (variable === undefined || variable.isDisposed === true) return;
    const values = this.reader.copy(variable, rooms[name]);
    if (values === null) return;
    rooms[name] = values;
    row[name] = values;
  }
}
