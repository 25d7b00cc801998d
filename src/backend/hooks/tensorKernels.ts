import { availableParallelism } from "node:os";
import type { KernelHome } from "../../kernels/home.js";
import { createKernels, type Kernels, kernelsIn } from "../../kernels/kernels.js";
import type { Norm } from "../../kernels/norms.js";
import { embeddedMarker } from "../engine/describe.js";
import { ReductionQueue } from "../reduction/reductionQueue.js";
import { CopiedTensors, leastBrought } from "./copiedTensors.js";
import type { BackendLike, EngineLike, TensorLike, TypedArray } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";

const cores = availableParallelism();

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
  private readonly copied: CopiedTensors | null;
  private readonly queues: ReductionQueue[] = [];

  constructor(
    private readonly engine: EngineLike,
    private readonly reader: TensorReader,
  ) {
    const { home } = this.own;
    this.copied = home === null ? null : new CopiedTensors(this.own, home);
    if (this.copied !== null) this.queues.push(this.copied.queue);
  }

  of(tensor: TensorLike): Kernels {
    return this.inEngine(tensor)?.kernels ?? this.own;
  }

  /** Where others may do it while the script goes on; null where they cannot. */
  queueOf(tensor: TensorLike): ReductionQueue | null {
    return this.inEngine(tensor)?.queue ?? this.copied?.queue ?? null;
  }

  /** As `TensorReader.values`, but large ones may have been brought to the kernels: they stay there until `letGo`. */
  values(tensor: TensorLike): TypedArray | null {
    const backend = tensor.size < leastBrought ? null : this.backendOf(tensor);
    const brought = backend === null ? null : this.copied?.bring(tensor, backend);
    return brought ?? this.reader.values(tensor);
  }

  /** Whether they are a copy that was made for us, so that nobody has to keep the tensor. */
  hasBrought(values: TypedArray): boolean {
    return this.copied?.has(values) === true;
  }

  /** The last ones that `values` gave, and no queue has; of several the first ones let the others go, too. */
  letGo(values: TypedArray): void {
    this.copied?.letGo(values);
  }

  /** As `StatisticsKernel.norm`; null where there are no float32 values. */
  norm(tensor: TensorLike): Norm | null {
    const values = this.values(tensor);
    if (values === null) return null;
    const norm = values instanceof Float32Array ? this.of(tensor).statistics.norm(values) : null;
    this.letGo(values);
    return norm;
  }

  /** Helpers begin with what has been put into queues. */
  begin(): void {
    for (const queue of this.queues) queue.begin();
  }

  settle(): void {
    for (const queue of this.queues) queue.settle();
  }

  /** Milliseconds that helpers have been busy since this was last asked, divided by the machine's cores. */
  takeBesideMs(): number {
    let busyMs = 0;
    for (const queue of this.queues) busyMs += queue.takeBusyMs();
    return busyMs / cores;
  }

  private backendOf({ dataId }: TensorLike): BackendLike | null {
    return this.engine.state.tensorInfo.get(dataId)?.backend ?? null;
  }

  private inEngine(tensor: TensorLike): InEngine | null {
    const backend: EmbeddedBackendLike | null = this.backendOf(tensor);
    if (backend?.[embeddedMarker] !== true || backend.module === undefined) return null;
    const known = this.engines.get(backend);
    if (known !== undefined) return known;
    const { module } = backend;
    const home = { memory: module.memory, allocate: (bytes: number) => module._malloc(bytes) >>> 0 };
    const kernels = kernelsIn(home);
    const found = kernels === null ? null : { kernels, queue: new ReductionQueue(kernels, home) };
    this.engines.set(backend, found);
    if (found !== null) this.queues.push(found.queue);
    return found;
  }
}
