import type { EngineLike, RunKernel } from "./tensorflow.js";

/** Sees an operation that the engine has run. */
export type KernelListener = (name: string, inputs: Record<string, unknown>, result: unknown) => void;

/**
 * One place in the engine through which a listener sees operations, put in once and for all: a method that comes and
 * goes with every call of a layer gives the engine another shape each time, and the calls of all operations another target.
 */
export class KernelTap {
  private listener: KernelListener | null = null;

  private constructor() {}

  static install(engine: EngineLike): KernelTap {
    const tap = new KernelTap();
    const owner = ownerOfMethod(engine);
    const original = owner.runKernel;
    const runKernel: RunKernel = function (this: EngineLike, name, inputs, attributes) {
      const result = original.call(this, name, inputs, attributes);
      if (tap.listener !== null) tap.listener(name, inputs, result);
      return result;
    };
    owner.runKernel = runKernel;
    return tap;
  }

  /** While `call` runs, and until then in place of any other listener. */
  during<Result>(listener: KernelListener, call: () => Result): Result {
    const before = this.listener;
    this.listener = listener;
    try {
      return call();
    } finally {
      this.listener = before;
    }
  }

  /** The listener has seen what it wanted. */
  done(listener: KernelListener): void {
    if (this.listener === listener) this.listener = null;
  }
}

/** The engine's class, so that the engine itself keeps its shape. */
function ownerOfMethod(engine: EngineLike): Pick<EngineLike, "runKernel"> {
  const prototype: unknown = Object.getPrototypeOf(engine);
  const isOfClass = !Object.hasOwn(engine, "runKernel") && typeof prototype === "object" && prototype !== null;
  return isOfClass && Object.hasOwn(prototype, "runKernel") ? (prototype as EngineLike) : engine;
}
