import type { Guard } from "./guard.js";
import type { Observer } from "./observer.js";
import { type EngineLike, type Gradients, isVariable, type NamedGradients, type OptimizerLike } from "./tensorflow.js";

/** A forward pass under gradients of variables is a training pass; gradients of plain tensors are something else. */
export function watchGradients(engine: EngineLike, observer: () => Observer | null, guard: Guard): void {
  const original: Gradients = engine.gradients;
  let depth = 0;
  engine.gradients = function gradients(this: EngineLike, f, xs, ...rest) {
    const watching = guard.isWorking ? observer() : null;
    if (watching === null || depth > 0 || !xs.some(isVariable)) return original.call(this, f, xs, ...rest);
    depth++;
    let forward = true;
    const watchedForward: typeof f = () => {
      const loss = f();
      guard.run(() => watching.passReturns(loss));
      forward = false;
      guard.run(() => watching.passEnds());
      return loss;
    };
    guard.run(() => watching.passBegins());
    try {
      const result = original.call(this, watchedForward, xs, ...rest);
      guard.run(() => watching.gradientsTaken(f, original));
      return result;
    } catch (error) {
      guard.run(() => watching.passFailed(forward));
      throw error;
    } finally {
      depth--;
    }
  };
}

/** Optimizer classes override `applyGradients`; each is the gate through which its updates go. */
export interface OptimizerClass {
  readonly prototype: OptimizerLike & { minimize?: unknown };
}

const watched = new WeakSet<object>();

export function watchUpdates(optimizerClass: OptimizerClass, observer: () => Observer | null, guard: Guard): void {
  const { prototype } = optimizerClass;
  if (!Object.hasOwn(prototype, "applyGradients") || watched.has(prototype)) return;
  watched.add(prototype);
  const original = prototype.applyGradients;
  let depth = 0;
  prototype.applyGradients = function applyGradients(this: OptimizerLike, gradients: NamedGradients): unknown {
    const watching = guard.isWorking ? observer() : null;
    // A subclass may call its parent's method: that is still one update.
    if (watching === null || depth > 0) return original.call(this, gradients);
    const pinned = guard.run(() => watching.beforeUpdate(gradients)) ?? null;
    depth++;
    let result: unknown;
    try {
      result = original.call(this, gradients);
    } catch (error) {
      guard.run(() => watching.updateFailed(pinned));
      throw error;
    } finally {
      depth--;
    }
    guard.run(() => watching.updated(this, gradients, pinned));
    return result;
  };
}

/** An optimizer class of the script's own is met when its `minimize` is called. */
export function watchOwnOptimizers(base: OptimizerClass, observer: () => Observer | null, guard: Guard): void {
  const { minimize } = base.prototype;
  if (typeof minimize !== "function" || watched.has(base)) return;
  watched.add(base);
  base.prototype.minimize = function (this: OptimizerLike, ...parameters: unknown[]): unknown {
    guard.run(() => {
      for (let prototype = Object.getPrototypeOf(this); prototype !== null && prototype !== base.prototype; ) {
        watchUpdates({ prototype }, observer, guard);
        prototype = Object.getPrototypeOf(prototype);
      }
    });
    return minimize.apply(this, parameters);
  };
}
