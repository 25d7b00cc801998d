import type { BackendLike, NamedGradients, OptimizerLike, TensorLike, VariableLike } from "../hooks/tensorflow.js";
import type { AdamArithmetic, AdamSettings, AdamTensors } from "./adamArithmetic.js";
import { backendOf, type FastEngine } from "./fastEngine.js";

interface Slot {
  readonly variable: VariableLike;
}

/** What tfjs's AdamOptimizer keeps; the same since version 1. */
interface Adam extends OptimizerLike {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly accBeta1: VariableLike;
  readonly accBeta2: VariableLike;
  readonly accumulatedFirstMoment: readonly (Slot | null)[];
  readonly accumulatedSecondMoment: readonly (Slot | null)[];
  incrementIterations(): void;
}

/**
 * Adam's update of a variable in one piece instead of the fourteen kernels and six scalars that tfjs composes it of.
 * The first update stays tfjs's own: it makes the optimizer's variables.
 */
export class AdamUpdate {
  constructor(
    private readonly engine: FastEngine,
    private readonly arithmeticOf: (backend: BackendLike) => AdamArithmetic | null,
  ) {}

  adopt(prototype: OptimizerLike): void {
    const original = prototype.applyGradients;
    const self = this;
    prototype.applyGradients = function (this: OptimizerLike, gradients: NamedGradients): void {
      if (!self.apply(this as Adam, gradients)) original.call(this, gradients);
    };
  }

  /** False, and nothing done, where this is not for us. */
  private apply(optimizer: Adam, gradients: NamedGradients): boolean {
    const { engine } = this;
    const { accBeta1, accBeta2 } = optimizer;
    const entries = this.entries(optimizer, gradients);
    const [example] = entries ?? [];
    const backend = example === undefined ? null : backendOf(engine, example.gradient);
    if (entries === null || backend === null || engine.state.gradientDepth > 0) return false;
    if (entries.some(({ gradient }) => backendOf(engine, gradient) !== backend)) return false;
    const arithmetic = this.arithmeticOf(backend);
    if (arithmetic === null) return false;
    const power1 = arithmetic.scalar(accBeta1);
    const power2 = arithmetic.scalar(accBeta2);
    const { beta1, beta2, epsilon, learningRate } = optimizer;
    const settings: AdamSettings = {
      beta1,
      share1: 1 - beta1,
      beta2,
      share2: 1 - beta2,
      correction1: 1 - power1,
      correction2: 1 - power2,
      epsilon,
      rate: -learningRate,
    };
    engine.tidy(() => {
      for (const tensors of entries) arithmetic.update(tensors, settings);
      for (const [variable, power, beta] of [[accBeta1, power1, beta1] as const, [accBeta2, power2, beta2] as const]) {
        variable.assign(scalar(engine, power * Math.fround(beta)));
      }
    });
    optimizer.incrementIterations();
    return true;
  }

  /** Gradients with what belongs to them; null when something is missing or not float32. */
  private entries(optimizer: Adam, gradients: NamedGradients): AdamTensors[] | null {
    const named: readonly (readonly [string, TensorLike | null])[] = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    const entries: AdamTensors[] = [];
    for (const [index, [name, gradient]] of named.entries()) {
      const weight = this.engine.registeredVariables[name];
      const first = optimizer.accumulatedFirstMoment[index]?.variable;
      const second = optimizer.accumulatedSecondMoment[index]?.variable;
      if (weight === undefined || first === undefined || second === undefined) return null;
      if (gradient === null || gradient === undefined) continue;
      const all = [gradient, weight, first, second];
      if (!all.every(({ dtype, size }) => dtype === "float32" && size === weight.size)) return null;
      entries.push({ gradient, weight, first, second });
    }
    return entries;
  }
}

function scalar(engine: FastEngine, value: number): TensorLike {
  return engine.makeTensor(Float32Array.of(value), [], "float32");
}
