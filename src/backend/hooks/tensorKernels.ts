import type { KernelHome } from "../../kernels/home.js";
import { createKernels, type Kernels, kernelsIn } from "../../kernels/inPlace.js";
import { embeddedMarker } from "../engine/describe.js";
import type { BackendLike, EngineLike, TensorLike } from "./tensorflow.js";

/** The embedded engine's module, as far as it gives room in its memory. */
interface EmbeddedBackendLike extends BackendLike {
  readonly [embeddedMarker]?: true;
  readonly module?: { readonly memory: KernelHome["memory"]; _malloc(bytes: number): number };
}

/** Kernels for each tensor: where the engine is ours they work in its memory, and nothing is copied. */
export class TensorKernels {
  private readonly own = createKernels();
  private readonly known = new WeakMap<BackendLike, Kernels>();

  constructor(private readonly engine: EngineLike) {}

  of({ dataId }: TensorLike): Kernels {
    const backend: EmbeddedBackendLike | undefined = this.engine.state.tensorInfo.get(dataId)?.backend;
    if (backend?.[embeddedMarker] !== true || backend.module === undefined) return this.own;
    const known = this.known.get(backend);
    if (known !== undefined) return known;
    const { module } = backend;
    const home = { memory: module.memory, allocate: (bytes: number) => module._malloc(bytes) >>> 0 };
    const kernels = kernelsIn(home) ?? this.own;
    this.known.set(backend, kernels);
    return kernels;
  }
}
