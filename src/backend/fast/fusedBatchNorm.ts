import type { BatchStatistics } from "../hooks/batchNormTap.js";
import type { BatchNormalizationLike, LayerLike, LayerVariableLike, TensorLike } from "../hooks/tensorflow.js";
import { isTensor } from "../hooks/tensorflow.js";
import { TensorReader } from "../hooks/tensorReader.js";
import type { BatchNormKernel } from "./batchNormKernel.js";
import type { FastEngine, GradientFunction, Tensor } from "./fastEngine.js";
import { updateRunning, type WritableVariable } from "./runningAverage.js";

type Call = (this: BatchNormalizationLike, inputs: unknown, kwargs: Record<string, unknown>) => unknown;

export interface BatchNormalizationClass {
  call: Call;
  readonly constructor: { readonly className?: string };
}

/** A layer whose four variables are there. */
export type Complete = BatchNormalizationLike &
  Record<"gamma" | "beta" | "movingMean" | "movingVariance", WritableVariable>;

/** Why a layer's training call went the normal way. */
export type Fallback =
  | "axis is not the last"
  | "scale or center is off"
  | "rank"
  | "no values"
  | "type"
  | "values per channel"
  | "second order"
  | "engine";

/** Replaces the training call of tfjs's BatchNormalization; everything else of the layer stays tfjs's own. */
export class FusedBatchNorm {
  /** Calls served. */
  served = 0;
  /** Layers that once went the normal way, with the last reason. */
  readonly fallbacks = new Map<string, Fallback>();
  private readonly adopted = new WeakSet<object>();
  private readonly reader: TensorReader;
  private taken: ((statistics: BatchStatistics) => void) | null = null;

  constructor(
    private readonly engine: FastEngine,
    /** The kernel for the backend that holds a tensor; null when there is none. */
    private readonly kernelOf: (x: Tensor) => BatchNormKernel | null,
  ) {
    this.reader = new TensorReader(engine);
  }

  /** Sees to it that the layer's calls from now on, and those of all layers of its class, are served. */
  adopt(layer: LayerLike): void {
    const prototype = batchNormalizationClass(layer);
    if (prototype === null || this.adopted.has(prototype)) return;
    this.adopted.add(prototype);
    const original = prototype.call;
    const self = this;
    prototype.call = function (inputs, kwargs) {
      const x = kwargs.training ? onlyTensor(inputs) : null;
      if (x === null) return original.call(this, inputs, kwargs);
      const kernel = self.kernelFor(this, x);
      return kernel === null ? original.call(this, inputs, kwargs) : self.train(this as Complete, x, kernel);
    };
  }

  /** Runs `call`, and hands the statistics of the BatchNorm call in it to `taken` if that was served. */
  observe<Result>(taken: (statistics: BatchStatistics) => void, call: () => Result): Result {
    const outer = this.taken;
    this.taken = taken;
    try {
      return call();
    } finally {
      this.taken = outer;
    }
  }

  private kernelFor(layer: BatchNormalizationLike, x: Tensor): BatchNormKernel | null {
    let reason = obstacle(this.engine, layer, x);
    const kernel = reason === null ? this.kernelOf(x) : null;
    if (reason === null && kernel === null) reason = "engine";
    if (kernel?.serves(x.size / (x.shape.at(-1) ?? 1)) === false) reason = "values per channel";
    if (reason !== null) this.fallbacks.set(layer.name, reason);
    return reason === null ? kernel : null;
  }

  /** A training call of `layer` by `kernel`. */
  train(layer: Complete, x: Tensor, kernel: BatchNormKernel): Tensor {
    this.served++;
    const { engine, reader } = this;
    return engine.tidy(() => {
      const statistics: BatchStatistics[] = [];
      const { epsilon } = layer;
      const normalize = (x: Tensor, gamma: Tensor, beta: Tensor, save: (tensors: readonly Tensor[]) => void) => {
        const result = kernel.normalize({ x, gamma, beta, epsilon, owner: layer });
        statistics.push(result.statistics);
        save(result.saved);
        const gradFunc: GradientFunction = (dy, saved) => engine.tidy(() => result.backward(dy, saved));
        return { value: result.y, gradFunc };
      };
      const y = engine.customGrad(normalize)(
        x,
        layer.gamma.read() as unknown as Tensor,
        layer.beta.read() as unknown as Tensor,
      );
      const [batch] = statistics;
      if (batch !== undefined) {
        updateRunning(engine, reader, layer.movingMean, batch.mean, layer.momentum);
        updateRunning(engine, reader, layer.movingVariance, batch.variance, layer.momentum);
        this.taken?.(batch);
      }
      return y;
    });
  }
}

/** tfjs's own BatchNormalization that a layer is one of; null where it is something else. */
export function batchNormalizationClass(layer: LayerLike): BatchNormalizationClass | null {
  let prototype = Object.getPrototypeOf(layer) as BatchNormalizationClass | null;
  while (prototype !== null && !isBatchNormalizationClass(prototype)) prototype = Object.getPrototypeOf(prototype);
  return prototype;
}

function isBatchNormalizationClass(prototype: BatchNormalizationClass): boolean {
  return Object.hasOwn(prototype, "call") && prototype.constructor.className === "BatchNormalization";
}

/** What keeps a training call from being served; null when nothing does. */
export function obstacle(engine: FastEngine, layer: BatchNormalizationLike, x: Tensor): Fallback | null {
  const { gamma, beta, movingMean, movingVariance, axis } = layer;
  const rank = x.shape.length;
  if (rank < 2 || rank > 4) return "rank";
  if (axis !== -1 && axis !== rank - 1) return "axis is not the last";
  if (gamma === undefined || beta === undefined) return "scale or center is off";
  if (x.size === 0) return "no values";
  const variables = [gamma, beta, movingMean, movingVariance];
  if (x.dtype !== "float32" || !variables.every(isFloatVariable)) return "type";
  // Gradients of gradients pass through tfjs's own ops, which have gradients themselves.
  if (engine.state.gradientDepth > 1) return "second order";
  return null;
}

function isFloatVariable(variable: LayerVariableLike | undefined): boolean {
  return variable !== undefined && "write" in variable && variable.read().dtype === "float32";
}

function onlyTensor(inputs: unknown): Tensor | null {
  const only: unknown = Array.isArray(inputs) && inputs.length === 1 ? inputs[0] : inputs;
  return isTensor(only) ? (only as TensorLike as Tensor) : null;
}
