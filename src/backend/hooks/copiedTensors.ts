import type { KernelHome } from "../../kernels/home.js";
import type { Kernels } from "../../kernels/kernels.js";
import { CopyRoom } from "../reduction/copyRoom.js";
import { ReductionQueue } from "../reduction/reductionQueue.js";
import { NativeCopies, trialBytes } from "./nativeCopies.js";
import type { BackendLike, TensorLike, TypedArray } from "./tensorflow.js";

/** Values from which on to bring a tensor takes less time than to read it: memory for more is the system's, page by page. */
export const leastBrought = 32_768;

/** Copies of tensors of engines whose memory is not ours, and the queue of those that a helper is to reduce. */
export class CopiedTensors {
  readonly queue: ReductionQueue;
  private readonly room: CopyRoom;
  private readonly native = new Map<BackendLike, NativeCopies | null>();
  private readonly brought = new WeakSet<TypedArray>();

  constructor(
    kernels: Kernels,
    private readonly home: KernelHome,
  ) {
    this.room = new CopyRoom(home);
    this.queue = new ReductionQueue(kernels, home, this.room);
  }

  /**
   * A tensor of tfjs-node's, copied to where kernels and helpers read it; null where it has to be read otherwise.
   * The copy stays until `letGo`, or until the queue is settled.
   */
  bring(tensor: TensorLike, backend: BackendLike): Float32Array | Int32Array | null {
    const copies = this.nativeCopies(backend);
    const at = copies?.holds(tensor) === true ? this.placeFor(4 * tensor.size) : null;
    if (copies === null || at === null) return null;
    try {
      const values = copies.copy(tensor, at);
      this.brought.add(values);
      return values;
    } catch {
      this.native.set(backend, null);
      this.room.giveBack(at);
      return null;
    }
  }

  has(values: TypedArray): boolean {
    return this.brought.has(values);
  }

  /** What `bring` gave last, unless the queue has it; nothing happens for other values. */
  letGo(values: TypedArray): void {
    if (this.has(values)) this.room.giveBack(values.byteOffset);
  }

  private nativeCopies(backend: BackendLike): NativeCopies | null {
    const known = this.native.get(backend);
    if (known !== undefined) return known;
    const copies = NativeCopies.of(backend, this.home);
    const at = copies === null ? null : this.placeFor(trialBytes);
    const found = at !== null && copies?.works(at) === true ? copies : null;
    if (at !== null) this.room.giveBack(at);
    this.native.set(backend, found);
    return found;
  }

  /** For more than there is room for, what is there is reduced first; null for more than there is room at all. */
  private placeFor(bytes: number): number | null {
    const at = this.room.reserve(bytes);
    if (at !== null) return at;
    this.queue.flush();
    return this.room.reserve(bytes);
  }
}
