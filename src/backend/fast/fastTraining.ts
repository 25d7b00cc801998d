import type { FastPart } from "../../protocol/options.js";
import type { BatchStatistics } from "../hooks/batchNormTap.js";
import type { BackendLike, EngineLike, LayerLike } from "../hooks/tensorflow.js";
import { TensorReader } from "../hooks/tensorReader.js";
import type { OptimizerClass } from "../hooks/updateHooks.js";
import { adamArithmetic } from "./adamArithmetic.js";
import { AdamUpdate } from "./adamUpdate.js";
import { batchNormKernels, perBackend, proven } from "./batchNormKernels.js";
import { isExactAdam } from "./checkAdam.js";
import { isRightConvolution } from "./checkConvolution.js";
import { isSameReluGradient } from "./checkReluGradient.js";
import { isEmbeddedBackend } from "./embeddedMemory.js";
import { backendOf, type FastEngine, isFastEngine, type Tensor } from "./fastEngine.js";
import { FusedBatchNorm } from "./fusedBatchNorm.js";
import { type GradientConfig, gradientRegistry } from "./gradientRegistry.js";
import { InputGradients } from "./inputGradients.js";
import { fastReluGradient } from "./reluGradient.js";
import { TrainingConvolutions } from "./trainingConvolutions.js";

/** Said wherever the fast path is on: in the run, in the status bar, on the command line. */
export function fastNote(isEmbedded: boolean): string {
  return `Fast BatchNorm ${isEmbedded ? "and convolution are" : "is"} on: rounding differs in the last bits`;
}

/** Everything that makes training faster than tfjs does; made once for the process's engine when the user asks for it. */
export class FastTraining {
  private readonly batchNorm: FusedBatchNorm | null;
  private readonly adam: AdamUpdate | null;
  private readonly replaced = new WeakMap<
    GradientConfig,
    { readonly original: GradientConfig; readonly backend: BackendLike }
  >();
  private told = 0;

  private constructor(
    private readonly engine: FastEngine,
    private readonly without: readonly FastPart[],
  ) {
    const reader = new TensorReader(engine);
    const kernels = batchNormKernels(engine);
    const arithmetics = perBackend((backend) =>
      proven(adamArithmetic(engine, backend), (arithmetic) => isExactAdam(arithmetic, engine, reader)),
    );
    this.batchNorm = this.has("batchNorm") ? new FusedBatchNorm(engine, (x) => kernels(backendOf(engine, x))) : null;
    this.adam = this.has("adam") ? new AdamUpdate(engine, arithmetics) : null;
    const inputGradients = this.has("inputGradients") ? new InputGradients(engine) : null;
    const isRight = perBackend(
      (backend) =>
        proven(isEmbeddedBackend(backend) ? backend : null, (embedded) =>
          isRightConvolution(engine, embedded, reader),
        ) !== null,
    );
    const convolutions = this.has("convolution") ? new TrainingConvolutions(engine, isRight) : null;
    const original = engine.gradients;
    const replaceGradients = (): void => this.replaceGradients();
    engine.gradients = function (this: EngineLike, ...parameters) {
      replaceGradients();
      const whole = (): ReturnType<typeof original> => original.apply(this, parameters);
      const pass = convolutions === null ? whole : () => convolutions.during(whole);
      return inputGradients === null ? pass() : inputGradients.during(parameters[1] as readonly Tensor[], pass);
    };
  }

  /** Null where tfjs-core is too old. */
  static install(engine: EngineLike, without: readonly FastPart[] = []): FastTraining | null {
    return isFastEngine(engine) ? new FastTraining(engine, without) : null;
  }

  /** Before anybody else watches the calls of the layer's class. */
  adoptLayer(layer: LayerLike): void {
    this.batchNorm?.adopt(layer);
  }

  /** Before anybody else watches the class's updates. */
  adoptOptimizer(optimizerClass: OptimizerClass): void {
    const { className } = optimizerClass as { readonly className?: unknown };
    if (className === "Adam" && Object.hasOwn(optimizerClass.prototype, "applyGradients"))
      this.adam?.adopt(optimizerClass.prototype);
  }

  /**
   * tfjs registers its gradients after it has made its engine, a second copy of it registers them again, and a script
   * may go over to another backend.
   */
  private replaceGradients(): void {
    const registry = this.has("reluGradient") ? gradientRegistry() : null;
    const { backend } = this.engine;
    const present = registry?.get("Relu");
    if (registry === null || present === undefined) return;
    const known = this.replaced.get(present);
    if (known?.backend === backend) return;
    const original = known?.original ?? present;
    // Within another tape nothing can be tried out.
    if (this.engine.state.gradientDepth > 0) return;
    const reader = new TensorReader(this.engine);
    const next =
      proven(fastReluGradient(this.engine, backend, original), (fast) =>
        isSameReluGradient(this.engine, reader, fast, original),
      ) ?? original;
    this.replaced.set(next, { original, backend });
    registry.set("Relu", next);
  }

  /** Runs a training call of a BatchNorm layer; `taken` gets the batch's statistics if the call was served. */
  callBatchNorm<Result>(layer: LayerLike, taken: (statistics: BatchStatistics) => void, call: () => Result): Result {
    this.batchNorm?.adopt(layer);
    return this.batchNorm === null ? call() : this.batchNorm.observe(taken, call);
  }

  /** One sentence on what is served, and what not and why; null when there is nothing new to say. */
  news(): string | null {
    const { served, fallbacks } = this.batchNorm ?? { served: 0, fallbacks: new Map<string, string>() };
    const state = fallbacks.size + (served > 0 ? 1e6 : 0);
    if (state === 0 || state === this.told) return null;
    this.told = state;
    const rest = [...fallbacks].map(([layer, reason]) => `${layer} (${reason})`).join(", ");
    const note = fastNote(isEmbeddedBackend(this.engine.backend));
    if (rest === "") return `${note}.`;
    return `${served === 0 ? "Fast BatchNorm serves no layer" : note}; the normal path runs for ${rest}.`;
  }

  private has(part: FastPart): boolean {
    return !this.without.includes(part);
  }
}
