import type { EngineLike, Gradients, TensorLike, VariableLike } from "../hooks/tensorflow.js";
import type { TensorReader } from "../hooks/tensorReader.js";

/** Gradient of the loss by each variable; a variable that the loss does not depend on is left out. */
export type GradientMap = ReadonlyMap<VariableLike, Float32Array>;

/** The engine as far as probes need it: every tensor that they make is gone when `tidy` returns. */
export interface ProbeEngine extends EngineLike {
  tidy<Result>(action: () => Result): Result;
  makeTensor(values: ArrayLike<number>, shape: readonly number[], dtype: string): TensorLike;
}

export function canProbe(engine: EngineLike): engine is ProbeEngine {
  return "tidy" in engine && "makeTensor" in engine;
}

/** The script's own loss function, to be evaluated again on the same batch with whatever the variables hold now. */
export class Replay {
  constructor(
    readonly engine: ProbeEngine,
    private readonly reader: TensorReader,
    /** The engine's own, which nobody watches. */
    private readonly gradientsOf: Gradients,
    private readonly lossFunction: () => TensorLike,
    /** Dropout draws the same numbers in each evaluation. */
    private readonly rewindRandom: () => void,
  ) {}

  loss(): number {
    this.rewindRandom();
    return this.engine.tidy(() => this.numberOf(this.lossFunction()));
  }

  gradients(variables: readonly VariableLike[]): { readonly loss: number; readonly gradients: GradientMap } {
    this.rewindRandom();
    return this.engine.tidy(() => {
      const { value, grads } = this.gradientsOf.call(this.engine, this.lossFunction, variables, undefined, true);
      const gradients = new Map<VariableLike, Float32Array>();
      for (const [at, variable] of variables.entries()) {
        const gradient = grads[at];
        const values = gradient === null || gradient === undefined ? null : this.reader.values(gradient);
        if (values !== null) gradients.set(variable, Float32Array.from(values));
      }
      return { loss: this.numberOf(value), gradients };
    });
  }

  /** Gives a variable new values. */
  assign(variable: VariableLike, values: Float32Array): void {
    this.engine.tidy(() => variable.assign(this.engine.makeTensor(values, variable.shape, variable.dtype)));
  }

  private numberOf(loss: TensorLike): number {
    const value = this.reader.scalar(loss);
    if (value === null) throw new Error("the loss function gives no single number");
    return value;
  }
}

/** ‖a − b‖₂ over all variables; what one of them lacks is 0. */
export function distance(a: GradientMap, b: GradientMap): number {
  let sum = 0;
  for (const variable of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(variable), b.get(variable)];
    const length = Math.max(x?.length ?? 0, y?.length ?? 0);
    for (let at = 0; at < length; at++) sum += ((x?.[at] ?? 0) - (y?.[at] ?? 0)) ** 2;
  }
  return Math.sqrt(sum);
}

export function norm(a: GradientMap): number {
  return distance(a, new Map());
}

/** cos of the angle between them; NaN where one is 0. */
export function cosine(a: GradientMap, b: GradientMap): number {
  let product = 0;
  for (const [variable, x] of a) {
    const y = b.get(variable);
    for (let at = 0; at < x.length; at++) product += (x[at] as number) * (y?.[at] ?? 0);
  }
  return product / (norm(a) * norm(b));
}
