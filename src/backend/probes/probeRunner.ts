import type { ProbeOptions } from "../../run/probes.js";
import type { Row } from "../../stats/catalogue.js";
import type { LayerCatalogue } from "../hooks/layerCatalogue.js";
import type {
  BatchNormalizationLike,
  Gradients,
  LayerLike,
  OptimizerLike,
  TensorLike,
  VariableLike,
} from "../hooks/tensorflow.js";
import type { TensorReader } from "../hooks/tensorReader.js";
import { gradientShifts, type UpdatedLayer } from "./gradientShift.js";
import { lossLandscape } from "./lossLandscape.js";
import { type ModelBatch, preciseBatches, preciseStatistics, RecentBatches } from "./preciseStatistics.js";
import type { ProbePass } from "./probePass.js";
import { type ProbeEngine, Replay } from "./replay.js";
import { withOwnRandom } from "./seededRandom.js";
import { trainInferenceGap } from "./trainInferenceGap.js";
import { VariableSnapshot } from "./variableSnapshot.js";

/** The loss of the step that is under way. */
interface Loss {
  readonly compute: () => TensorLike;
  readonly gradientsOf: Gradients;
}

/** A compiled model appends to what it returns from `fit` whenever its loss is computed. */
interface CompiledModel extends LayerLike {
  metricsTensors?: unknown;
}

export interface ProbedStep {
  readonly step: number;
  readonly optimizer: OptimizerLike;
  /** Calls of layers, in the order in which they returned. */
  readonly calls: Iterable<{ readonly index: number; readonly layer: LayerLike }>;
}

/**
 * Runs the probes of definitions §4 after every N-th update, within the update's own call: the script's loss function is
 * evaluated again on the batch of this step. Weights, running statistics and the random stream are then what they were;
 * optimizers are not touched. The first failure switches the probes off.
 */
export class ProbeRunner {
  /** Set while a probe has its way with the calls of layers. */
  pass: ProbePass | null = null;
  isRunning = false;
  private loss: Loss | null = null;
  private weights: VariableSnapshot | null = null;
  /** Values from before the step. */
  private readonly running = new Map<VariableLike, Float32Array>();
  private readonly recent: RecentBatches;
  private readonly models: WeakRef<CompiledModel>[] = [];
  private isOff = false;

  constructor(
    private readonly engine: ProbeEngine,
    private readonly reader: TensorReader,
    private readonly options: ProbeOptions,
    private readonly catalogue: LayerCatalogue,
    private readonly onNote: (message: string) => void,
  ) {
    this.recent = new RecentBatches(reader);
  }

  modelSeen(model: LayerLike): void {
    if (!this.models.some((reference) => reference.deref() === model)) this.models.push(new WeakRef(model));
  }

  /** A model is about to be trained on this batch. */
  batchGiven(step: number, batch: ModelBatch): void {
    const { everySteps } = this.options;
    const isSoon = (step + preciseBatches - 1) % everySteps < preciseBatches || everySteps <= preciseBatches;
    if (!this.isOff && this.has("precise") && isSoon) this.recent.add(batch);
  }

  passBegins(step: number): void {
    if (!this.isDue(step) || this.running.size > 0) return;
    for (const { movingMean, movingVariance } of this.catalogue.batchNormLayers()) {
      for (const { val } of [movingMean, movingVariance].flatMap((weight) => weight ?? [])) {
        const values = val === undefined || val.isDisposed === true ? null : this.reader.values(val);
        if (val !== undefined && values !== null) this.running.set(val, Float32Array.from(values));
      }
    }
  }

  gradientsTaken(step: number, compute: () => TensorLike, gradientsOf: Gradients): void {
    if (this.isDue(step)) this.loss = { compute, gradientsOf };
  }

  beforeUpdate(step: number, variables: () => readonly VariableLike[]): void {
    if (this.isDue(step) && this.loss !== null) this.weights = new VariableSnapshot(this.reader, variables());
  }

  forget(): void {
    this.weights?.release();
    this.weights = null;
    this.loss = null;
    this.running.clear();
  }

  /** The update is done: rows for each series, those of the whole model under 0. */
  run(probed: ProbedStep): ReadonlyMap<number, Row> {
    const rows = new Map<number, Row>();
    const { loss, weights, engine } = this;
    if (!this.isDue(probed.step) || loss === null || weights === null) {
      this.forget();
      return rows;
    }
    const write = (series: number, row: Row): void => {
      rows.set(series, { ...rows.get(series), ...row });
    };
    const tensors = engine.state.numTensors;
    const after = new VariableSnapshot(this.reader, Object.values(engine.registeredVariables));
    const models = this.models.flatMap((reference) => reference.deref() ?? []);
    const metrics = models.map((model) => model.metricsTensors);
    this.isRunning = true;
    try {
      this.refuseStates(probed);
      for (const model of models) model.metricsTensors = [];
      withOwnRandom((rewind) => {
        engine.tidy(() => {
          const replay = new Replay(engine, this.reader, loss.gradientsOf, loss.compute, rewind);
          this.probe(replay, probed, weights, after, write);
        });
      });
    } catch (error) {
      this.switchOff(error instanceof Error ? error.message : String(error));
    } finally {
      this.pass = null;
      this.isRunning = false;
      for (const [at, model] of models.entries()) model.metricsTensors = metrics[at];
      after.restore();
      after.release();
      this.forget();
    }
    if (engine.state.numTensors !== tensors) this.switchOff("the loss function keeps tensors each time it is computed");
    return rows;
  }

  private probe(
    replay: Replay,
    { optimizer, calls }: ProbedStep,
    weights: VariableSnapshot,
    after: VariableSnapshot,
    write: (series: number, row: Row) => void,
  ): void {
    const { variables } = weights;
    weights.restore();
    if (this.has("gap")) {
      for (const [variable, values] of this.running) replay.assign(variable, values);
      write(
        0,
        trainInferenceGap(replay, (pass, action) => this.during(pass, action)),
      );
    }
    if (this.has("landscape") || this.has("shift")) {
      const start = replay.gradients(variables).gradients;
      if (this.has("shift")) {
        const layers = updatedLayers(calls, start.keys());
        for (const { series, row } of gradientShifts(replay, layers, start, (some) => after.restore(some))) {
          write(series, row);
        }
        weights.restore();
      }
      if (this.has("landscape") && typeof optimizer.learningRate === "number") {
        write(0, lossLandscape(replay, start, this.valuesOf(weights), optimizer.learningRate));
      }
    }
    if (!this.has("precise")) return;
    after.restore();
    const running = new Map(this.catalogue.batchNormLayers().map((layer) => [layer, this.runningOf(layer)]));
    const found = preciseStatistics(
      replay.engine,
      this.recent,
      (pass, action) => this.during(pass, action),
      (layer, call) => this.catalogue.indexOf(layer, call),
      (layer) => running.get(layer) ?? null,
    );
    for (const { series, row } of found) write(series, row);
  }

  private during<Result>(pass: ProbePass, action: () => Result): Result {
    this.pass = pass;
    try {
      return action();
    } finally {
      this.pass = null;
    }
  }

  private valuesOf(weights: VariableSnapshot): Map<VariableLike, Float32Array> {
    const values = new Map<VariableLike, Float32Array>();
    for (const variable of weights.variables) {
      const value = weights.valueOf(variable);
      const read = value === null ? null : this.reader.values(value);
      if (read !== null) values.set(variable, Float32Array.from(read));
    }
    return values;
  }

  private runningOf({ movingMean, movingVariance }: BatchNormalizationLike) {
    const mean = movingMean?.val === undefined ? null : this.reader.copy(movingMean.val);
    const variance = movingVariance?.val === undefined ? null : this.reader.copy(movingVariance.val);
    return mean === null || variance === null ? null : { mean, variance };
  }

  /** A layer that carries states from batch to batch would carry those of the probes. */
  private refuseStates({ calls }: ProbedStep): void {
    for (const { layer } of calls) {
      const { stateful } = layer as { readonly stateful?: unknown };
      if (stateful === true) throw new Error(`${layer.name} is stateful: another pass would change its states`);
    }
  }

  private switchOff(reason: string): void {
    if (this.isOff) return;
    this.isOff = true;
    this.onNote(`The probes are off from here on: ${reason}. The training is not affected.`);
  }

  private isDue(step: number): boolean {
    return !this.isOff && step % this.options.everySteps === 0;
  }

  private has(name: ProbeOptions["names"][number]): boolean {
    return this.options.names.includes(name);
  }
}

/** Layers that own some of the variables, in the order of the forward pass; a wrapper's are those of the layer in it. */
function updatedLayers(calls: ProbedStep["calls"], variables: Iterable<VariableLike>): UpdatedLayer[] {
  const left = new Set(variables);
  return [...calls].flatMap(({ index, layer }): UpdatedLayer[] => {
    const own = layer.weights.flatMap(({ val }) => (val !== undefined && left.delete(val) ? val : []));
    return own.length === 0 ? [] : [{ series: index, variables: own }];
  });
}
