import type { EngineLike, RunKernel } from "../hooks/tensorflow.js";
import type { FastEngine, Tensor } from "./fastEngine.js";

/** Fused kernel → the kernel that computes the gradient of its first input, which is the first of its name that runs. */
const inputGradientOf: Readonly<Record<string, string>> = {
  FusedConv2D: "Conv2DBackpropInput",
  _FusedMatMul: "BatchMatMul",
};

interface Running {
  readonly inputs: readonly Tensor[];
  /** Set when the operation turns out to be one of tfjs's fused ones. */
  skippable: string | null;
}

/**
 * tfjs's fused convolution and matrix product compute the gradient of their input also where nothing that is trained
 * lies behind it, as in the first layer, and throw it away. Here it is not computed; its place is taken by a tensor
 * that the tape never looks at.
 */
export class InputGradients {
  /** Gradients left out so far. */
  skipped = 0;
  /** Tensors that depend on what gradients are wanted of; null outside of a pass. */
  private dependent: Set<number> | null = null;
  private seenNodes = 0;
  private readonly running: Running[] = [];
  /** The kernel that need not run now. */
  private skipping: string | null = null;

  constructor(private readonly engine: FastEngine) {
    this.watchKernels();
    this.watchCustomGradients();
  }

  /** A pass that wants gradients of `xs`. */
  during<Result>(xs: readonly { readonly id?: number }[], pass: () => Result): Result {
    if (this.engine.state.gradientDepth > 0) return pass();
    this.dependent = new Set(xs.flatMap(({ id }) => (id === undefined ? [] : [id])));
    this.seenNodes = 0;
    try {
      return pass();
    } finally {
      this.dependent = null;
    }
  }

  private watchKernels(): void {
    const self = this;
    const original: RunKernel = this.engine.runKernel;
    this.engine.runKernel = function (this: EngineLike, name, inputs, attributes) {
      if (self.skipping === name) {
        self.skipping = null;
        self.skipped++;
        return inputs.dy ?? inputs.a;
      }
      const running = self.running.at(-1);
      if (
        running !== undefined &&
        inputGradientOf[name] !== undefined &&
        Object.values(inputs)[0] === running.inputs[0]
      ) {
        running.skippable = inputGradientOf[name] ?? null;
      }
      return original.call(this, name, inputs, attributes);
    };
  }

  private watchCustomGradients(): void {
    const self = this;
    const original = this.engine.customGrad;
    this.engine.customGrad = function (this: FastEngine, f) {
      return (...inputs) => {
        if (!self.isUnneeded(inputs[0])) return original.call(this, f)(...inputs);
        const running: Running = { inputs, skippable: null };
        const watched = ((...parameters: Parameters<typeof f>) => {
          const result = self.within(running, () => f(...parameters));
          const { gradFunc } = result;
          return {
            ...result,
            gradFunc: (dy: Tensor, saved: Tensor[]) => self.skip(running.skippable, () => gradFunc(dy, saved)),
          };
        }) as typeof f;
        return original.call(this, watched)(...inputs);
      };
    };
  }

  private within<Result>(running: Running, operation: () => Result): Result {
    this.running.push(running);
    try {
      return operation();
    } finally {
      this.running.pop();
    }
  }

  private skip<Result>(kernel: string | null, gradients: () => Result): Result {
    // A gradient that is itself differentiated must be whole.
    this.skipping = this.engine.state.gradientDepth > 0 ? null : kernel;
    try {
      return gradients();
    } finally {
      this.skipping = null;
    }
  }

  /** Whether no gradient can flow through a tensor: it depends on nothing that one is wanted of. */
  private isUnneeded(input: Tensor | undefined): boolean {
    const { dependent, engine } = this;
    const tape = engine.state.activeTape ?? null;
    if (input === undefined || dependent === null || tape === null || engine.state.gradientDepth !== 1) return false;
    for (; this.seenNodes < tape.length; this.seenNodes++) {
      const { inputs, outputs } = tape[this.seenNodes] as (typeof tape)[number];
      if (!Object.values(inputs).some((tensor) => tensor != null && dependent.has(tensor.id))) continue;
      for (const { id } of outputs) dependent.add(id);
    }
    return !dependent.has(input.id);
  }
}
