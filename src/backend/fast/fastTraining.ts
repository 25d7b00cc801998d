import type { BatchStatistics } from "../hooks/batchNormTap.js";
import type { BackendLike, EngineLike, LayerLike } from "../hooks/tensorflow.js";
import { TensorReader } from "../hooks/tensorReader.js";
import type { OptimizerClass } from "../hooks/updateHooks.js";
import { type AdamArithmetic, adamArithmetic } from "./adamArithmetic.js";
import { AdamUpdate } from "./adamUpdate.js";
import type { BatchNormKernel } from "./batchNormKernel.js";
import { isRight } from "./checkBatchNorm.js";
import { EmbeddedBatchNorm } from "./embeddedBatchNorm.js";
import { isEmbeddedBackend, kernelsIn } from "./embeddedMemory.js";
import { backendOf, type FastEngine, isFastEngine, type Tensor } from "./fastEngine.js";
import { FusedBatchNorm } from "./fusedBatchNorm.js";
import { gradientRegistry } from "./gradientRegistry.js";
import { InputGradients } from "./inputGradients.js";
import { NativeBatchNorm } from "./nativeBatchNorm.js";
import { isNativeBackend } from "./nativeOps.js";
import { fastReluGradient } from "./reluGradient.js";

/** Said wherever the fast path is on: in the run, in the status bar, on the command line. */
export const fastNote = "Fast BatchNorm is on: rounding differs in the last bits";

/** Everything that makes training faster than tfjs does; made once for the process's engine when the user asks for it. */
export class FastTraining {
  private readonly batchNorm: FusedBatchNorm;
  private readonly inputGradients: InputGradients;
  private readonly adam: AdamUpdate;
  private readonly adams = new WeakMap<object, { readonly arithmetic: AdamArithmetic | null }>();
  private told = 0;
  private readonly replaced = new WeakSet<object>();
  private readonly kernels = new WeakMap<object, { readonly kernel: BatchNormKernel | null }>();

  private constructor(private readonly engine: FastEngine) {
    this.batchNorm = new FusedBatchNorm(engine, (x) => this.kernelOf(x));
    this.inputGradients = new InputGradients(engine);
    this.adam = new AdamUpdate(engine, (backend) => this.adamOf(backend));
    const original = engine.gradients;
    const self = this;
    engine.gradients = function (this: EngineLike, ...parameters) {
      self.replaceGradients();
      return self.inputGradients.during(parameters[1] as readonly Tensor[], () => original.apply(this, parameters));
    };
  }

  /** Before anybody else watches the class's updates. */
  adoptOptimizer(optimizerClass: OptimizerClass): void {
    const { className } = optimizerClass as { readonly className?: unknown };
    if (className === "Adam" && Object.hasOwn(optimizerClass.prototype, "applyGradients"))
      this.adam.adopt(optimizerClass.prototype);
  }

  private adamOf(backend: BackendLike): AdamArithmetic | null {
    let known = this.adams.get(backend);
    if (known === undefined) {
      known = { arithmetic: adamArithmetic(this.engine, backend) };
      this.adams.set(backend, known);
    }
    return known.arithmetic;
  }

  /** tfjs registers its gradients after it has made its engine, a second copy of it registers them again. */
  private replaceGradients(): void {
    const registry = gradientRegistry();
    const relu = registry?.get("Relu");
    if (relu === undefined || this.replaced.has(relu)) return;
    const fast = fastReluGradient(this.engine, relu);
    this.replaced.add(fast);
    registry?.set("Relu", fast);
  }

  /** Null where tfjs-core is too old. */
  static install(engine: EngineLike): FastTraining | null {
    return isFastEngine(engine) ? new FastTraining(engine) : null;
  }

  /** Runs a training call of a BatchNorm layer; `taken` gets the batch's statistics if the call was served. */
  callBatchNorm<Result>(layer: LayerLike, taken: (statistics: BatchStatistics) => void, call: () => Result): Result {
    this.batchNorm.adopt(layer);
    return this.batchNorm.observe(taken, call);
  }

  /** One sentence on what is served, and what not and why; null when there is nothing new to say. */
  news(): string | null {
    const { served, fallbacks } = this.batchNorm;
    const state = fallbacks.size + (served > 0 ? 1e6 : 0);
    if (state === 0 || state === this.told) return null;
    this.told = state;
    const rest = [...fallbacks].map(([layer, reason]) => `${layer} (${reason})`).join(", ");
    if (rest === "") return `${fastNote}.`;
    return `${served === 0 ? "Fast BatchNorm serves no layer" : fastNote}; the normal path runs for ${rest}.`;
  }

  private kernelOf(x: Tensor): BatchNormKernel | null {
    const backend = backendOf(this.engine, x);
    if (backend === null) return null;
    let known = this.kernels.get(backend);
    if (known === undefined) {
      known = { kernel: checked(this.engine, batchNormKernel(this.engine, backend)) };
      this.kernels.set(backend, known);
    }
    return known.kernel;
  }
}

function batchNormKernel(engine: FastEngine, backend: BackendLike): BatchNormKernel | null {
  if (isNativeBackend(backend)) return new NativeBatchNorm(engine, backend);
  const kernels = isEmbeddedBackend(backend) ? kernelsIn(backend) : null;
  return kernels !== null && isEmbeddedBackend(backend) ? new EmbeddedBatchNorm(engine, backend, kernels) : null;
}

function checked(engine: FastEngine, kernel: BatchNormKernel | null): BatchNormKernel | null {
  try {
    return kernel !== null && isRight(kernel, engine, new TensorReader(engine)) ? kernel : null;
  } catch {
    return null;
  }
}
