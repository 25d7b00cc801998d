import type { KernelHome } from "../../kernels/home.js";
import { createKernels, type Kernels, kernelsIn } from "../../kernels/inPlace.js";
import { embeddedMarker } from "../engine/describe.js";
import { ReductionQueue } from "../reduction/reductionQueue.js";
import type { BackendLike, EngineLike, TensorLike } from "./tensorflow.js";

/** The embedded engine's module, as far as it gives room in its memory. */
interface EmbeddedBackendLike extends BackendLike {
  readonly [embeddedMarker]?: true;
  readonly module?: { readonly memory: KernelHome["memory"]; _malloc(bytes: number): number };
}

interface InEngine {
  readonly kernels: Kernels;
  readonly queue: ReductionQueue;
}

/** Kernels for each tensor: where the engine is ours they work in its memory, and nothing is copied. */
export class TensorKernels {
  private readonly own = createKernels();
  private readonly engines = new Map<BackendLike, InEngine | null>();

  constructor(private readonly engine: EngineLike) {}

  of(tensor: TensorLike): Kernels {
    return this.inEngine(tensor)?.kernels ?? this.own;
  }

  /** Where others may do it while the script goes on; null where the engine is not ours. */
  queueOf(tensor: TensorLike): ReductionQueue | null {
    return this.inEngine(tensor)?.queue ?? null;
  }

  /** Helpers begin with what has been put into queues. */
  begin(): void {
    for (const engine of this.engines.values()) engine?.queue.begin();
  }

  settle(): void {
    for (const engine of this.engines.values()) engine?.queue.settle();
  }

  /** Milliseconds that helpers have been busy since this was last asked. */
  takeBusyMs(): number {
    let busyMs = 0;
    for (const engine of this.engines.values()) busyMs += engine?.queue.takeBusyMs() ?? 0;
    return busyMs;
  }

  private inEngine({ dataId }: TensorLike): InEngine | null {
    const backend: EmbeddedBackendLike | undefined = this.engine.state.tensorInfo.get(dataId)?.backend;
    if (backend?.[embeddedMarker] !== true || backend.module === undefined) return null;
    const known = this.engines.get(backend);
    if (known !== undefined) return known;
    const { module } = backend;
    const home = { memory: module.memory, allocate: (bytes: number) => module._malloc(bytes) >>> 0 };
    const kernels = kernelsIn(home);
    const found = kernels === null ? null : { kernels, queue: new ReductionQueue(kernels, home) };
    this.engines.set(backend, found);
    return found;
  }
}
