import { fastModule } from "../../kernels/generated/fastModule.js";
import { instantiate, type KernelMemory } from "../../kernels/instantiate.js";
import { embeddedMarker } from "../engine/describe.js";
import type { BackendLike, TensorLike } from "../hooks/tensorflow.js";

/** The embedded engine's backend, as far as kernels outside of it need it. Offsets and sizes are in bytes. */
export interface EmbeddedBackendLike extends BackendLike {
  readonly module: { readonly memory: KernelMemory };
  /** Whether convolutions may go through Winograd's transforms. */
  allowsWinograd: boolean;
  offset(tensor: TensorLike): number;
  /** Memory for use within one kernel call. */
  scratch(bytes: number): number;
  makeOutput(shape: readonly number[], dtype: "float32"): { dataId: object; shape: readonly number[]; dtype: string };
}

/** What `kernels/assembly/fast.as` exports. */
export interface FastKernels {
  moments(x: number, rows: number, rest: number, width: number, shift: number, first: number, second: number): void;
  normalize(
    x: number,
    y: number,
    rows: number,
    rest: number,
    width: number,
    shift: number,
    scale: number,
    offset: number,
  ): void;
  gradientSums(
    x: number,
    dy: number,
    rows: number,
    rest: number,
    width: number,
    shift: number,
    first: number,
    second: number,
  ): void;
  gradient(
    x: number,
    dy: number,
    dx: number,
    rows: number,
    rest: number,
    width: number,
    shift: number,
    mean: number,
    slope: number,
    scale: number,
    offset: number,
  ): void;
  reluGradient(dy: number, y: number, dx: number, length: number): void;
  adam(
    gradient: number,
    first: number,
    second: number,
    weight: number,
    newFirst: number,
    newSecond: number,
    newWeight: number,
    length: number,
    beta1: number,
    share1: number,
    beta2: number,
    share2: number,
    correction1: number,
    correction2: number,
    epsilon: number,
    rate: number,
  ): void;
}

export function isEmbeddedBackend(backend: BackendLike): backend is EmbeddedBackendLike {
  return embeddedMarker in backend && ["scratch", "module", "allowsWinograd"].every((name) => name in backend);
}

const instances = new WeakMap<object, FastKernels | null>();

/** The fast kernels in the engine's own memory; null where they cannot be had. */
export function kernelsIn(backend: EmbeddedBackendLike): FastKernels | null {
  const known = instances.get(backend);
  if (known !== undefined) return known;
  const kernels = instantiate<FastKernels>(fastModule, backend.module.memory);
  instances.set(backend, kernels);
  return kernels;
}
