import { fastModule } from "../../kernels/generated/fastModule.js";
import { createMemory, instantiate, type KernelMemory } from "../../kernels/instantiate.js";
import { isNativeBackend } from "../hooks/nativeBackend.js";
import type { BackendLike, TensorLike, VariableLike } from "../hooks/tensorflow.js";
import { TensorReader } from "../hooks/tensorReader.js";
import { type EmbeddedBackendLike, type FastKernels, isEmbeddedBackend, kernelsIn } from "./embeddedMemory.js";
import type { FastEngine } from "./fastEngine.js";

export interface AdamSettings {
  readonly beta1: number;
  readonly share1: number;
  readonly beta2: number;
  readonly share2: number;
  readonly correction1: number;
  readonly correction2: number;
  readonly epsilon: number;
  readonly rate: number;
}

export interface AdamTensors {
  readonly gradient: TensorLike;
  readonly weight: VariableLike;
  readonly first: VariableLike;
  readonly second: VariableLike;
}

export interface AdamArithmetic {
  scalar(tensor: TensorLike): number;
  /** Assigns the variables' next values; temporary tensors belong to the caller's scope. */
  update(tensors: AdamTensors, settings: AdamSettings): void;
}

export function adamArithmetic(engine: FastEngine, backend: BackendLike): AdamArithmetic | null {
  if (isEmbeddedBackend(backend)) {
    const kernels = kernelsIn(backend);
    return kernels === null ? null : new AdamInPlace(engine, backend, kernels);
  }
  const memory = isNativeBackend(backend) ? createMemory(1 + Math.ceil((chunk * 16) / 65_536)) : null;
  const kernels = memory === null ? null : instantiate<FastKernels>(fastModule, memory);
  return kernels === null || memory === null ? null : new AdamOnCopies(engine, memory, kernels);
}

function run(
  kernels: FastKernels,
  at: readonly number[],
  to: readonly number[],
  length: number,
  settings: AdamSettings,
): void {
  const [gradient, first, second, weight] = at as [number, number, number, number];
  const [newFirst, newSecond, newWeight] = to as [number, number, number];
  const { beta1, share1, beta2, share2, correction1, correction2, epsilon, rate } = settings;
  const sizes = [length, beta1, share1, beta2, share2, correction1, correction2, epsilon, rate] as const;
  kernels.adam(gradient, first, second, weight, newFirst, newSecond, newWeight, ...sizes);
}

/** In the embedded engine's memory. */
class AdamInPlace implements AdamArithmetic {
  private readonly reader: TensorReader;

  constructor(
    private readonly engine: FastEngine,
    private readonly backend: EmbeddedBackendLike,
    private readonly kernels: FastKernels,
  ) {
    this.reader = new TensorReader(engine);
  }

  scalar(tensor: TensorLike): number {
    return this.reader.scalar(tensor) ?? Number.NaN;
  }

  update({ gradient, first, second, weight }: AdamTensors, settings: AdamSettings): void {
    const { backend, engine } = this;
    const variables = [first, second, weight];
    const results = variables.map(({ shape }) =>
      engine.makeTensorFromTensorInfo(backend.makeOutput([...shape], "float32")),
    );
    const at = [gradient, ...variables].map((tensor) => backend.offset(tensor));
    const to = results.map((tensor) => backend.offset(tensor));
    run(this.kernels, at, to, gradient.size, settings);
    for (const [index, variable] of variables.entries()) variable.assign(results[index] as TensorLike);
  }
}

const chunk = 32_768;

/** For tfjs-node, where a tensor's values are read and made in JavaScript's memory. */
class AdamOnCopies implements AdamArithmetic {
  private readonly reader: TensorReader;
  private readonly floats: Float32Array;

  constructor(
    private readonly engine: FastEngine,
    memory: KernelMemory,
    private readonly kernels: FastKernels,
  ) {
    this.reader = new TensorReader(engine);
    this.floats = new Float32Array(memory.buffer);
  }

  scalar(tensor: TensorLike): number {
    return this.reader.scalar(tensor) ?? Number.NaN;
  }

  update({ gradient, first, second, weight }: AdamTensors, settings: AdamSettings): void {
    const { engine, floats } = this;
    const variables = [first, second, weight];
    const read = [gradient, ...variables].map((tensor) => this.reader.values(tensor) as Float32Array);
    const next = variables.map(({ size }) => new Float32Array(size));
    const at = [0, 1, 2, 3].map((place) => place * chunk * 4);
    for (let from = 0; from < gradient.size; from += chunk) {
      const length = Math.min(chunk, gradient.size - from);
      for (const [place, values] of read.entries()) floats.set(values.subarray(from, from + length), place * chunk);
      run(this.kernels, at, at.slice(1), length, settings);
      for (const [place, values] of next.entries()) {
        values.set(floats.subarray((place + 1) * chunk, (place + 1) * chunk + length), from);
      }
    }
    for (const [place, variable] of variables.entries()) {
      variable.assign(engine.makeTensor(next[place] as Float32Array, variable.shape, "float32"));
    }
  }
}
