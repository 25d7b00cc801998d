import { availableParallelism } from "node:os";
import type { KernelHome } from "../../kernels/home.js";
import { createKernels, type Kernels, kernelsIn } from "../../kernels/kernels.js";
import { embeddedMarker } from "../engine/describe.js";
import { CopyRoom } from "../reduction/copyRoom.js";
import { ReductionQueue } from "../reduction/reductionQueue.js";
import type { BackendLike, EngineLike, TensorLike } from "./tensorflow.js";

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
  /** For all engines whose memory is not ours. */
  private copies: ReductionQueue | null | undefined;
  private readonly queues: ReductionQueue[] = [];

  constructor(private readonly engine: EngineLike) {}

  of(tensor: TensorLike): Kernels {
    return this.inEngine(tensor)?.kernels ?? this.own;
  }

  /** Where others may do it while the script goes on; null where they cannot. */
  queueOf(tensor: TensorLike): ReductionQueue | null {
    const inEngine = this.inEngine(tensor);
    if (inEngine !== null) return inEngine.queue;
    if (this.copies === undefined) this.copies = this.queueOfCopies();
    return this.copies;
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

  private queueOfCopies(): ReductionQueue | null {
    const { home } = this.own;
    if (home === null) return null;
    const queue = new ReductionQueue(this.own, home, new CopyRoom(home));
    this.queues.push(queue);
    return queue;
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
    if (found !== null) this.queues.push(found.queue);
    return found;
  }
}
