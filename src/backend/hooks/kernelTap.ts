import { type EngineLike, isTensor, type RunKernel, type TensorLike } from "./tensorflow.js";

/** Sees an operation that the engine has run. */
export type KernelListener = (name: string, inputs: Record<string, unknown>, result: unknown) => void;

/**
 * One place in the engine through which a listener sees operations, put in once and for all: a method that comes and
 * goes with every call of a layer gives the engine another shape each time, and the calls of all operations another target.
 */
export class KernelTap {
  private listener: KernelListener | null = null;
  /** Data of the last `Reshape`: some backends hand on the input's, others make new ones. */
  private reshapedFrom: object | null = null;
  private reshapedTo: object | null = null;

  private constructor() {}

  static install(engine: EngineLike): KernelTap {
    const tap = new KernelTap();
    const owner = ownerOfMethod(engine);
    const original = owner.runKernel;
    const runKernel: RunKernel = function (this: EngineLike, name, inputs, attributes) {
      const result = original.call(this, name, inputs, attributes);
      if (tap.listener !== null) tap.listener(name, inputs, result);
      if (name === "Reshape") tap.reshaped(inputs.x, result);
      return result;
    };
    owner.runKernel = runKernel;
    return tap;
  }

  /** Whether both hold the same values in the same order: one is the other under another shape, which was made last. */
  haveSameValues(before: TensorLike, now: TensorLike): boolean {
    if (before.dataId === now.dataId) return true;
    return before.dataId === this.reshapedFrom && now.dataId === this.reshapedTo;
  }

  private reshaped(before: unknown, now: unknown): void {
    if (!isTensor(before) || !isTensor(now)) return;
    this.reshapedFrom = before.dataId;
    this.reshapedTo = now.dataId;
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
