import { type BackendOptions, optionsVariable } from "../../protocol/options.js";
import type { FromRecorder } from "../../protocol/recording.js";
import type { EngineInfo } from "../../run/format.js";
import { FastForecast } from "../fast/fastForecast.js";
import { FastTraining, fastNote } from "../fast/fastTraining.js";
import { Controller, parseBudget } from "../recorder/controller.js";
import { Recorder } from "../recorder/recorder.js";
import { describeOwnError, describeScriptError, type ScriptError } from "../scriptError.js";
import { breakInDebugger } from "./breakInDebugger.js";
import { ownerOf, trapAssignment } from "./bundleTraps.js";
import { type ModelClass, watchEpochs, watchModels } from "./fitHooks.js";
import { Guard } from "./guard.js";
import { LayerCatalogue } from "./layerCatalogue.js";
import { CallWatch, classNames, type LayerClass, watchConstruction } from "./layerHooks.js";
import { watchModelLoading } from "./modelLoading.js";
import { Observer } from "./observer.js";
import type { Sink } from "./sink.js";
import { callerPosition, knowTransformedSources } from "./sourcePosition.js";
import type { EngineLike, LayerLike, OptimizerLike } from "./tensorflow.js";
import { coreParts, layersParts } from "./tensorflowModules.js";
import type { BatchNormCall } from "./trainingStep.js";
import { watchGradients, watchOwnOptimizers, watchUpdates } from "./updateHooks.js";

/** Everything that watches one process: made when its TensorFlow.js engine appears, alive until it exits. */
export class Session {
  private readonly guard = new Guard((error) => this.switchOff(error));
  private readonly controller: Controller;
  private observer: Observer | null = null;
  private recorder: Recorder | null = null;
  private scriptError: ScriptError | null = null;
  private epoch: { current: number; total: number | null; stepsPerEpoch: number | null } | null = null;
  private lastProgressMs = 0;
  private readonly patched = new WeakSet<object>();
  private fast: FastTraining | null = null;
  private forecast: FastForecast | null = null;
  private readonly catalogue = new LayerCatalogue();
  private readonly endTraps: (() => void)[] = [];
  private readonly watching = (): Observer | null => (this.guard.isWorking ? this.observer : null);
  private readonly calls = new CallWatch(this.watching, this.guard, () => this.fast);

  constructor(
    private readonly options: BackendOptions,
    private readonly describeEngine: () => EngineInfo,
    transformedSources: ReadonlyMap<string, string>,
  ) {
    knowTransformedSources(transformedSources);
    this.controller = new Controller(parseBudget(options.budget));
    process.on("uncaughtExceptionMonitor", (error: unknown) => {
      this.scriptError = describeScriptError(error);
    });
    process.on("exit", (code) => this.end(code));
    if (options.claim !== null) this.guard.run(() => this.openRecorder());
  }

  /** tfjs-core has made its engine, the one of this process. */
  engineAppeared(engine: EngineLike): void {
    this.guard.run(() => {
      if (this.observer?.engine === engine) return;
      const observer = new Observer(
        engine,
        this.catalogue,
        this.controller,
        () => this.sinkOf(this.openRecorder()),
        this.options.breakOnAnomaly ? breakInDebugger : null,
        this.options.probes,
      );
      observer.step = this.observer?.step ?? 0;
      watchGradients(engine, () => observer, this.guard);
      this.fast = this.options.fast ? FastTraining.install(engine, this.options.fastWithout) : null;
      this.forecast = this.options.fast ? null : FastForecast.create(engine);
      this.observer = observer;
      this.watchForBundle();
    });
  }

  /** Puts on disk what is recorded so far. */
  flush(): void {
    this.recorder?.flushSoon();
  }

  /** Where no module of TensorFlow.js will be loaded, because it came in a bundle. */
  private watchForBundle(): void {
    if (this.endTraps.length > 0) return;
    this.endTraps.push(
      trapAssignment("_callHook", (layer) =>
        this.guard.run(() => {
          const prototype = ownerOf(layer, "invokeCallHook");
          if (prototype === null) return;
          this.layersFound({ prototype: prototype as LayerClass["prototype"] }, true);
          this.calls.watchCall(layer as LayerLike);
          this.catalogue.created(layer as LayerLike, callerPosition(classNames(layer as LayerLike), true));
          const model = ownerOf(layer, "makeTrainFunction");
          if (model !== null) this.modelsFound({ prototype: model });
        }),
      ),
      trapAssignment("iterations_", (optimizer) =>
        this.guard.run(() => {
          for (let prototype = Object.getPrototypeOf(optimizer); prototype !== null; ) {
            watchUpdates({ prototype }, this.watching, this.guard);
            prototype = Object.getPrototypeOf(prototype);
          }
          // This very update is under way and was not seen to begin.
          this.watching()?.updated(optimizer as OptimizerLike, {}, null);
        }),
      ),
    );
  }

  /** A module of TensorFlow.js was loaded; several copies may be. */
  moduleLoaded(exports: object): void {
    this.guard.run(() => {
      const core = coreParts(exports);
      if (core !== null && this.isNew(core.base.prototype)) {
        this.endTraps[1]?.();
        watchOwnOptimizers(core.base, this.watching, this.guard);
        for (const optimizerClass of core.optimizers) {
          this.fast?.adoptOptimizer(optimizerClass);
          watchUpdates(optimizerClass, this.watching, this.guard);
        }
      }
      const layers = layersParts(exports);
      if (layers === null) return;
      this.endTraps[0]?.();
      this.layersFound(layers.layer, false);
      watchModelLoading(exports, this.guard);
      this.modelsFound(layers.model);
      if (!this.isNew(layers.history.prototype)) return;
      watchEpochs(layers.history, this.watching, this.guard, (epoch) => {
        const total = this.epoch?.total ?? null;
        const current = total === null ? epoch + 1 : Math.min(epoch + 2, total);
        this.epoch = { stepsPerEpoch: null, ...this.epoch, total, current };
        this.sendProgress();
      });
    });
  }

  private layersFound(layerClass: LayerClass, inBundle: boolean): void {
    if (!this.isNew(layerClass.prototype)) return;
    watchConstruction(layerClass, this.catalogue, this.calls, this.guard, inBundle);
    this.calls.watchApply(layerClass);
  }

  private modelsFound(modelClass: ModelClass): void {
    if (!this.isNew(modelClass.prototype)) return;
    watchModels(modelClass, this.watching, this.guard, (total, stepsPerEpoch) => {
      this.epoch = { current: 1, total, stepsPerEpoch };
      this.sendProgress();
    });
  }

  private isNew(prototype: object): boolean {
    if (this.patched.has(prototype)) return false;
    this.patched.add(prototype);
    return true;
  }

  private openRecorder(): Recorder {
    if (this.recorder !== null) return this.recorder;
    this.recorder = new Recorder(this.options, (message) => this.heard(message));
    // What this process starts is a run of its own, below this one.
    process.env[optionsVariable] = JSON.stringify({ ...this.options, claim: null, parent: this.recorder.id });
    return this.recorder;
  }

  private sinkOf(recorder: Recorder): Sink {
    const engine = this.engineInfo();
    const note = fastNote(engine.name === "embedded");
    recorder.engine(this.fast === null ? engine : { ...engine, fast: true, reason: `${engine.reason} ${note}.` });
    return {
      row: (table, step, series, row) => recorder.row(table, step, series, row),
      running: (series, running) => recorder.running(series, running),
      event: (step, content) => recorder.event(step, content),
      layers: (layers, weights) => recorder.layers(layers, weights),
      elapsedMs: () => recorder.elapsedMs(),
      flush: () => recorder.flushSoon(),
      stepEnded: (bareMs, batchNorms) => {
        recorder.stepEnded();
        this.controller.spentBeside(recorder.takeBesideMs());
        this.tellFast(recorder);
        this.tellForecast(recorder, bareMs, batchNorms);
        if (performance.now() - this.lastProgressMs > 500) this.sendProgress();
      },
      get isBehind() {
        return recorder.isBehind;
      },
    };
  }

  private engineInfo(): EngineInfo {
    const info = this.describeEngine();
    return { ...info, name: info.name === "none" ? (this.observer?.engine.backendName ?? info.name) : info.name };
  }

  private tellFast(recorder: Recorder): void {
    const news = this.fast?.news() ?? null;
    if (news !== null) recorder.event(this.observer?.step ?? 0, { type: "note", message: news });
  }

  private tellForecast(recorder: Recorder, bareMs: number, batchNorms: Iterable<BatchNormCall>): void {
    if (this.forecast === null) return;
    const startMs = performance.now();
    const forecast = this.forecast.stepEnded(
      bareMs,
      batchNorms,
      (call) => this.catalogue.layers[call.index]?.inputShape,
    );
    this.observer?.spentBetween(startMs);
    if (this.forecast.isOver) this.forecast = null;
    if (forecast !== null) recorder.event(this.observer?.step ?? 0, { type: "fastPath", ...forecast });
  }

  private sendProgress(): void {
    this.lastProgressMs = performance.now();
    this.recorder?.progress({
      epoch: this.epoch,
      overheadPercent: this.controller.overheadPercent,
      skippedSteps: this.observer?.skippedSteps ?? 0,
      layerSteps: this.catalogue.steps,
    });
  }

  private heard(message: FromRecorder): void {
    switch (message.type) {
      case "failed":
        this.guard.fail(new Error(message.message));
        break;
      case "control":
        this.guard.run(() => this.control(message.request));
        break;
      default:
        message satisfies never;
    }
  }

  private control(request: Extract<FromRecorder, { type: "control" }>["request"]): void {
    switch (request.type) {
      case "capture":
        this.controller.requestCapture();
        break;
      case "budget":
        this.controller.setBudget(parseBudget(request.budget));
        break;
      // The worker has seen to these itself.
      case "stop":
      case "ping":
        break;
      default:
        request satisfies never;
    }
  }

  private end(code: number): void {
    const recorder = this.recorder;
    if (recorder === null) return;
    try {
      if (this.guard.isWorking) this.sendProgress();
      this.tellFast(recorder);
      if (this.observer !== null && this.observer.step === 0) recorder.engine(this.engineInfo());
      const status = code === 0 && this.scriptError === null ? "completed" : "failed";
      recorder.end({ status, exitCode: code, error: this.scriptError });
    } catch (error) {
      this.guard.fail(error);
    }
  }

  /** The one sentence that the script's user sees when we fail; training goes on without us. */
  private switchOff(error: unknown): void {
    const { message, stack } = describeOwnError(error, this.options.runs);
    const sentence = `Layerscope has switched itself off: ${message}. The training goes on without statistics.`;
    process.stderr.write(`layerscope: ${sentence}\n`);
    if (process.env.LAYERSCOPE_DEBUG !== undefined) process.stderr.write(`${stack ?? ""}\n`);
    this.recorder?.event(this.observer?.step ?? 0, { type: "note", message: sentence });
  }
}
