import type { ProbeOptions } from "../../run/probes.js";
import { ProbeRunner } from "../probes/probeRunner.js";
import { canProbe } from "../probes/replay.js";
import type { Controller } from "../recorder/controller.js";
import type { EventContent } from "../recorder/recorder.js";
import { type ActivationRoom, newActivationRoom } from "./activations.js";
import { GradientWatch } from "./gradientWatch.js";
import { KernelTap } from "./kernelTap.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import { type Level, level } from "./level.js";
import { NonfiniteReport } from "./nonfiniteReport.js";
import type { Nonfinite } from "./nonfiniteWatch.js";
import { OwnTime } from "./ownTime.js";
import type { Sink } from "./sink.js";
import { StepRows } from "./stepRows.js";
import type {
  EngineLike,
  Gradients,
  LayerLike,
  NamedGradients,
  OptimizerLike,
  TensorLike,
  VariableLike,
} from "./tensorflow.js";
import { TensorKernels } from "./tensorKernels.js";
import { TensorReader } from "./tensorReader.js";
import { TrainingStep } from "./trainingStep.js";
import { type PinnedWeights, WeightStatistics } from "./weightStatistics.js";

/** Flags of layers are looked at again this often. */
const flagsEverySteps = 20;

/** Follows the training of one process: passes become steps, steps become rows. */
export class Observer {
  /** Number of optimizer updates so far. */
  step = 0;
  skippedSteps = 0;
  private current: TrainingStep | null = null;
  private inPass = false;
  readonly ownTime = new OwnTime();
  private lastStepEndMs = performance.now();
  private sink: Sink | null = null;
  private readonly optimizers = new WeakMap<OptimizerLike, number>();
  private optimizersSeen = 0;
  /** For each series, where its batch mean and variance are put in every step. */
  private readonly rooms: Float64Array[][] = [];
  private readonly weightNames = new WeakMap<LayerLike, readonly string[]>();
  /** For each series, where the lists of its activations are put. */
  private readonly activationRooms: ActivationRoom[] = [];
  private readonly reader: TensorReader;
  private readonly kernels: TensorKernels;
  readonly kernelTap: KernelTap;
  readonly rowWriter: StepRows;
  private readonly weights: WeightStatistics;
  private readonly gradients: GradientWatch;
  private readonly nonfinite: NonfiniteReport;
  readonly probes: ProbeRunner | null;

  constructor(
    readonly engine: EngineLike,
    readonly catalogue: LayerCatalogue,
    private readonly controller: Controller,
    private readonly openSink: () => Sink,
    /** Set: every output is looked at in every step, and this is called where one first is not finite. */
    private readonly onAnomaly: (() => void) | null,
    probes: ProbeOptions | undefined,
  ) {
    this.reader = new TensorReader(engine);
    this.kernels = new TensorKernels(engine, this.reader);
    this.kernelTap = KernelTap.install(engine);
    this.rowWriter = new StepRows(this.reader, catalogue);
    this.probes =
      probes === undefined || !canProbe(engine)
        ? null
        : new ProbeRunner(engine, this.reader, probes, catalogue, (message) => this.event({ type: "note", message }));
    this.nonfinite = new NonfiniteReport(catalogue, () => this.beginReport(), onAnomaly);
    this.gradients = new GradientWatch(engine, this.reader, this.kernels, catalogue);
    this.weights = new WeightStatistics(engine, this.reader, this.kernels, catalogue);
  }

  /** The step that layers' calls belong to; null outside of training passes. */
  get pass(): TrainingStep | null {
    return this.inPass ? this.current : null;
  }

  get tensors(): TensorReader {
    return this.reader;
  }

  roomOf(series: number): Float64Array[] {
    this.rooms[series] ??= [];
    return this.rooms[series];
  }

  /** Also while a probe runs the model once more. */
  get isInPass(): boolean {
    return this.inPass || this.probes?.isRunning === true;
  }

  /** Whether a probe looks back at the batches that models were trained on. */
  get wantsBatches(): boolean {
    return this.probes !== null;
  }

  batchGiven(model: LayerLike, inputs: readonly TensorLike[]): void {
    this.probes?.batchGiven(this.step + 1, { model, inputs });
  }

  gradientsTaken(loss: () => TensorLike, gradientsOf: Gradients): void {
    this.settle();
    this.probes?.gradientsTaken(this.step + 1, loss, gradientsOf);
  }

  /** A forward pass under gradients of variables begins. */
  passBegins(): void {
    const startMs = performance.now();
    this.probes?.passBegins(this.step + 1);
    if (this.step === 0) this.lastStepEndMs = startMs;
    if (this.current === null) {
      let chosen = this.controller.nextLevel();
      if (chosen > level.basic && this.sink?.isBehind === true) {
        chosen = level.basic;
        this.skippedSteps++;
      }
      if (this.onAnomaly !== null && chosen < level.scalars) chosen = level.scalars;
      this.current = this.newStep(chosen);
      this.ownTime.stepBegins(chosen);
    }
    this.current.passBegins();
    this.inPass = true;
    this.ownTime.spent(startMs);
  }

  /** The forward pass has returned its loss; layers' outputs may be gone afterwards. */
  passReturns(loss: TensorLike): void {
    const startMs = this.ownTime.clock();
    const step = this.current;
    if (step === null) return;
    const value = this.reader.scalar(loss);
    if (value !== null) step.losses.push(value);
    const isBad = step.isSuspicious || (value !== null && !Number.isFinite(value));
    if (isBad) step.settle();
    else this.kernels.begin();
    const first = step.watch.release(isBad);
    if (isBad || first !== null) this.nonfinite.inPass(this.step + 1, first, value);
    this.ownTime.spent(startMs);
  }

  passEnds(): void {
    this.current?.watch.release(false);
    this.inPass = false;
  }

  /** The script's function threw, or its gradient: what there is of a model is told, for it may be why. */
  passFailed(inForward: boolean): void {
    this.settle();
    if (inForward) this.passEnds();
    if (!this.catalogue.changed) return;
    this.sink ??= this.openSink();
    this.writeLayers();
  }

  /** What helpers found out about the pass; its tensors are let go. */
  private settle(): void {
    const startMs = this.ownTime.clock();
    const step = this.current;
    step?.settle();
    const first = step?.watch.release(false) ?? null;
    if (first !== null) this.nonfinite.inPass(this.step + 1, first, null);
    this.ownTime.spent(startMs);
  }

  beforeUpdate(gradients: NamedGradients): PinnedWeights | null {
    const startMs = this.ownTime.clock();
    const bad = this.nonfinite.isMade ? null : this.gradients.first(gradients);
    if (bad !== null) this.nonfinite.inGradient(this.step + 1, bad);
    const pinned = this.current?.level === level.every ? this.weights.pin(gradients) : null;
    this.probes?.beforeUpdate(this.step + 1, () => this.variablesOf(gradients));
    this.ownTime.spent(startMs);
    return pinned;
  }

  /** The optimizer threw: no step, nothing kept. */
  updateFailed(pinned: PinnedWeights | null): void {
    for (const { release } of pinned ?? []) release();
    this.probes?.forget();
  }

  /** An optimizer has updated variables: the step is complete. */
  updated(optimizer: OptimizerLike, gradients: NamedGradients, pinned: PinnedWeights | null): void {
    const startMs = this.ownTime.clock();
    const step = this.current ?? this.newStep(level.basic);
    this.current = null;
    this.step++;
    this.sink ??= this.openSink();
    if (this.step % flagsEverySteps === 1) this.catalogue.refreshFlags();
    const flags = this.catalogue.takeFlagChanges();
    if (flags !== null) this.sink.event(this.step, { type: "flags", ...flags });
    // Whoever reads the rows needs the layers that they are of, with their flags of this step.
    this.writeLayers();
    let updatedNames: ReadonlySet<string> | null = null;
    const isTrained = (root: LayerLike): boolean => {
      updatedNames ??= namesOf(gradients);
      return this.isTrained(root, updatedNames);
    };
    if (pinned !== null) this.weights.write(this.sink, this.step, pinned);
    const used = this.rowWriter.write(this.sink, this.step, step, isTrained);
    this.writeLayers();
    this.ownTime.spent(startMs);
    const now = performance.now();
    const stepMs = now - this.lastStepEndMs;
    this.lastStepEndMs = now;
    const ownMs = this.ownTime.stepEnds(this.step, step.level);
    this.writeStep(this.sink, step, optimizer, { stepMs, ownMs, batchSize: used.batchSize });
    this.controller.stepEnded(step.level, stepMs, ownMs);
    this.controller.spentBeside(this.kernels.takeBesideMs());
    // What comes after the end of this step is part of the next.
    this.ownTime.spent(now);
    this.sink.stepEnded(Math.max(0, stepMs - ownMs), step.batchNorms.values());
    if (this.probes !== null) this.runProbes(this.probes, optimizer, step);
  }

  private writeStep(
    sink: Sink,
    step: TrainingStep,
    optimizer: OptimizerLike,
    { stepMs, ownMs, batchSize }: { stepMs: number; ownMs: number; batchSize: number | null },
  ): void {
    const { learningRate } = optimizer;
    sink.row("steps", this.step, 0, {
      timeMs: sink.elapsedMs(),
      loss: step.loss ?? undefined,
      learningRate: typeof learningRate === "number" ? learningRate : undefined,
      batchSize: batchSize ?? undefined,
      optimizer: this.optimizerIndex(optimizer),
      stepMs,
      overheadMs: ownMs,
      level: step.level,
    });
  }

  private runProbes(probes: ProbeRunner, optimizer: OptimizerLike, { calls }: TrainingStep): void {
    const startMs = performance.now();
    const rows = probes.run({ step: this.step, optimizer, calls: [...calls.values()] });
    for (const [series, row] of rows) this.sink?.row("probes", this.step, series, row);
    this.writeLayers();
    this.spentBetween(startMs);
  }

  private variablesOf(gradients: NamedGradients): VariableLike[] {
    return [...namesOf(gradients)].flatMap((name) => this.engine.registeredVariables[name] ?? []);
  }

  /** Time of ours since `sinceMs` that belongs to no step. */
  spentBetween(sinceMs: number): void {
    const ms = performance.now() - sinceMs;
    this.lastStepEndMs += ms;
    this.controller.spentBetween(ms);
  }

  /** A model is about to be trained: its layers are known even if the first step throws. */
  modelSeen(model: LayerLike): void {
    this.catalogue.register(model);
    this.probes?.modelSeen(model);
    if (this.step % flagsEverySteps === 0) this.catalogue.refreshFlags();
    this.sink ??= this.openSink();
    this.writeLayers();
  }

  event(content: EventContent): void {
    if (this.sink === null && this.step === 0) return;
    this.sink?.event(this.step, content);
  }

  private readonly activationRoomOf = (series: number): ActivationRoom => {
    this.activationRooms[series] ??= newActivationRoom();
    return this.activationRooms[series];
  };

  private newStep(chosen: Level): TrainingStep {
    const onNonfinite = (found: Nonfinite): void => this.nonfinite.inCall(this.step + 1, found);
    const atOnce = this.onAnomaly !== null;
    const { catalogue, reader, kernels, kernelTap, activationRoomOf } = this;
    return new TrainingStep(chosen, catalogue, reader, kernels, kernelTap, activationRoomOf, onNonfinite, atOnce);
  }

  /** A model called without `training: true` belongs to the step only if the step updated some of its weights. */
  private isTrained(root: LayerLike, updated: ReadonlySet<string>): boolean {
    let names = this.weightNames.get(root);
    if (names === undefined) {
      names = root.weights.map((weight) => weight.val?.name ?? weight.name);
      this.weightNames.set(root, names);
    }
    return names.length === 0 || names.some((name) => updated.has(name));
  }

  private beginReport(): Sink {
    this.sink ??= this.openSink();
    this.writeLayers();
    return this.sink;
  }

  private writeLayers(): void {
    for (const message of this.catalogue.takeNotes()) this.sink?.event(this.step, { type: "note", message });
    if (!this.catalogue.changed) return;
    this.catalogue.changed = false;
    this.sink?.layers(this.catalogue.layers, this.catalogue.weights);
  }

  private optimizerIndex(optimizer: OptimizerLike): number {
    const known = this.optimizers.get(optimizer);
    if (known !== undefined) return known;
    this.optimizers.set(optimizer, this.optimizersSeen);
    return this.optimizersSeen++;
  }
}

function namesOf(gradients: NamedGradients): ReadonlySet<string> {
  if (!Array.isArray(gradients)) return new Set(Object.keys(gradients));
  return new Set(gradients.filter(({ tensor }) => tensor !== undefined && tensor !== null).map(({ name }) => name));
}
