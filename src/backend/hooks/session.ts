import { StatisticsKernel } from "../../kernels/statistics.js";
import { type BackendOptions, optionsVariable } from "../../protocol/options.js";
import type { FromRecorder } from "../../protocol/recording.js";
import type { EngineInfo } from "../../run/format.js";
import { Controller, parseBudget } from "../recorder/controller.js";
import { Recorder } from "../recorder/recorder.js";
import { breakInDebugger } from "./breakInDebugger.js";
import { watchEpochs, watchModels } from "./fitHooks.js";
import { Guard } from "./guard.js";
import { watchCalls, watchConstruction } from "./layerHooks.js";
import { Observer, type Sink } from "./observer.js";
import type { EngineLike } from "./tensorflow.js";
import { coreParts, layersParts } from "./tensorflowModules.js";
import { watchGradients, watchOwnOptimizers, watchUpdates } from "./updateHooks.js";

/** Everything that watches one process: made when its TensorFlow.js engine appears, alive until it exits. */
export class Session {
  private readonly guard = new Guard((error) => this.switchOff(error));
  private readonly controller: Controller;
  private observer: Observer | null = null;
  private recorder: Recorder | null = null;
  private scriptError: { readonly message: string; readonly stack: string | null } | null = null;
  private epoch: { current: number; total: number | null; stepsPerEpoch: number | null } | null = null;
  private lastProgressMs = 0;
  private readonly patched = new WeakSet<object>();

  constructor(
    private readonly options: BackendOptions,
    private readonly describeEngine: () => EngineInfo,
  ) {
    this.controller = new Controller(parseBudget(options.budget));
    process.on("uncaughtExceptionMonitor", (error: unknown) => {
      this.scriptError = describeError(error);
    });
    process.on("exit", (code) => this.end(code));
    if (options.claim !== null) this.guard.run(() => this.openRecorder());
  }

  /** tfjs-core has made its engine, the one of this process. */
  engineAppeared(engine: EngineLike): void {
    this.guard.run(() => {
      const observer = new Observer(
        engine,
        StatisticsKernel.create(),
        this.controller,
        () => this.sinkOf(this.openRecorder()),
        () => {
          if (this.options.breakOnAnomaly) breakInDebugger();
        },
      );
      watchGradients(engine, () => observer, this.guard);
      this.observer = observer;
    });
  }

  /** A module of TensorFlow.js was loaded; several copies may be. */
  moduleLoaded(exports: object): void {
    const observer = (): Observer | null => (this.guard.isWorking ? this.observer : null);
    this.guard.run(() => {
      const core = coreParts(exports);
      if (core !== null && this.isNew(core.base.prototype)) {
        watchOwnOptimizers(core.base, observer, this.guard);
        for (const optimizerClass of core.optimizers) watchUpdates(optimizerClass, observer, this.guard);
      }
      const layers = layersParts(exports);
      const catalogue = this.observer?.catalogue;
      if (layers === null || catalogue === undefined || !this.isNew(layers.layer.prototype)) return;
      watchConstruction(layers.layer, catalogue, this.guard);
      watchCalls(layers.layer, observer, this.guard);
      watchModels(layers.model, observer, this.guard, (total, stepsPerEpoch) => {
        this.epoch = { current: 0, total, stepsPerEpoch };
        this.sendProgress();
      });
      watchEpochs(layers.history, observer, this.guard, (epoch) => {
        this.epoch = { total: null, stepsPerEpoch: null, ...this.epoch, current: epoch + 1 };
        this.sendProgress();
      });
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
    // The claim is this process's alone: what it starts is a run of its own, below this one.
    process.env[optionsVariable] = JSON.stringify({ ...this.options, claim: null, parent: this.recorder.id });
    return this.recorder;
  }

  private sinkOf(recorder: Recorder): Sink {
    recorder.engine(this.describeEngine());
    return {
      row: (table, step, series, row) => recorder.row(table, step, series, row),
      event: (step, content) => recorder.event(step, content),
      layers: (layers, weights) => recorder.layers(layers, weights),
      elapsedMs: () => recorder.elapsedMs(),
      stepEnded: () => {
        recorder.stepEnded();
        if (performance.now() - this.lastProgressMs > 500) this.sendProgress();
      },
      get isBehind() {
        return recorder.isBehind;
      },
    };
  }

  private sendProgress(): void {
    this.lastProgressMs = performance.now();
    this.recorder?.progress({
      epoch: this.epoch,
      overheadPercent: this.controller.overheadPercent,
      skippedSteps: this.observer?.skippedSteps ?? 0,
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
      const status = code === 0 && this.scriptError === null ? "completed" : "failed";
      recorder.end({ status, exitCode: code, error: this.scriptError });
    } catch (error) {
      this.guard.fail(error);
    }
  }

  /** The one sentence that the script's user sees when we fail; training goes on without us. */
  private switchOff(error: unknown): void {
    const { message, stack } = describeError(error);
    const sentence = `Layerscope has switched itself off: ${message}. The training goes on without statistics.`;
    process.stderr.write(`layerscope: ${sentence}\n`);
    if (process.env["LAYERSCOPE_DEBUG"] !== undefined) process.stderr.write(`${stack ?? ""}\n`);
    this.recorder?.event(this.observer?.step ?? 0, { type: "note", message: sentence });
  }
}

function describeError(error: unknown): { readonly message: string; readonly stack: string | null } {
  if (error instanceof Error) return { message: error.message.split("\n")[0] || error.name, stack: error.stack ?? null };
  return { message: String(error), stack: null };
}
