import type { BackendLike, EngineLike, TensorLike, TypedArray } from "./tensorflow.js";

/** WebAssembly backend of tfjs: a tensor is a slice of the module's memory. */
interface WasmBackendLike extends BackendLike {
  readonly wasm?: { readonly HEAPU8?: Uint8Array };
  readonly dataIdMap?: {
    get(dataId: object): { readonly memoryOffset: number | null; readonly dtype: string } | undefined;
  };
}

/** So many values are looked at one by one sooner than a kernel is given them. */
export const fewValues = 1024;
const readable = new Set(["float32", "int32", "bool"]);

/** Reads and pins tensors of the script without making tensors, so that `tf.memory()` does not see it. */
export class TensorReader {
  /** The WebAssembly module's whole memory: to make a view of its own for each small tensor takes longer than to copy it. */
  private heap: Float32Array = new Float32Array(0);

  constructor(private readonly engine: EngineLike) {}

  /**
   * The tensor's values, valid until the next engine call and never to be written to: depending on the backend it is
   * a fresh copy, the backend's own memory, or the very array the user made the tensor from.
   * Null for strings, complex numbers and disposed tensors.
   */
  values(tensor: TensorLike): TypedArray | null {
    if (!readable.has(tensor.dtype)) return null;
    const backend = this.engine.state.tensorInfo.get(tensor.dataId)?.backend as WasmBackendLike | undefined;
    if (backend === undefined) return null;
    const inPlace = wasmView(backend, tensor);
    if (inPlace !== null) return inPlace;
    return ofThisRealm(backend.readSync(tensor.dataId));
  }

  /**
   * A copy of a small tensor's values as float64, e.g. a [C] statistic.
   * @param room where the last copy was put: used again if it fits, since memory made anew in each step is dear
   */
  copy(tensor: TensorLike, room?: Float64Array): Float64Array | null {
    const at = this.placeInHeap(tensor);
    if (at === null) {
      const values = this.values(tensor);
      if (values === null) return null;
      if (room?.length !== values.length) return new Float64Array(values);
      room.set(values);
      return room;
    }
    const { size } = tensor;
    const copied = room?.length === size ? room : new Float64Array(size);
    const { heap } = this;
    for (let index = 0; index < size; index++) copied[index] = heap[at + index] as number;
    return copied;
  }

  /** Whether all values of a small tensor are finite; null where they cannot be read. */
  areFinite(tensor: TensorLike): boolean | null {
    const at = this.placeInHeap(tensor);
    const values = at === null ? this.values(tensor) : this.heap;
    if (values === null) return null;
    const start = at ?? 0;
    const end = at === null ? values.length : at + tensor.size;
    for (let index = start; index < end; index++) if (!Number.isFinite(values[index])) return false;
    return true;
  }

  /** The value of a one-element tensor. */
  scalar(tensor: TensorLike): number | null {
    if (tensor.size !== 1) return null;
    const at = this.placeInHeap(tensor);
    return (at === null ? this.values(tensor)?.[0] : this.heap[at]) ?? null;
  }

  /** Keeps the data alive until the returned function is called; null when the backend cannot. */
  pin(tensor: TensorLike): (() => void) | null {
    const { dataId } = tensor;
    const keeper = this.keep(dataId);
    return keeper === null ? null : () => this.release(dataId, keeper);
  }

  /** As `pin`, with nothing made for it: what it gives is for `release`. */
  keep(dataId: object): BackendLike | null {
    const backend = this.engine.state.tensorInfo.get(dataId)?.backend;
    if (backend?.incRef === undefined || backend.disposeData === undefined) return null;
    backend.incRef(dataId);
    return backend;
  }

  release(dataId: object, keeper: BackendLike): void {
    if (keeper.disposeData?.(dataId) === true) this.engine.removeDataId?.(dataId, keeper);
  }

  /** Where in `heap` a float32 tensor lies; null where its backend has no such memory. */
  private placeInHeap(tensor: TensorLike): number | null {
    if (tensor.dtype !== "float32") return null;
    const backend = this.engine.state.tensorInfo.get(tensor.dataId)?.backend as WasmBackendLike | undefined;
    if (backend?.wasm?.HEAPU8 === undefined) return null;
    const offset = backend.dataIdMap?.get(tensor.dataId)?.memoryOffset ?? null;
    if (offset === null || offset % 4 !== 0) return null;
    // Only now: to be asked for its place can make the engine compute a tensor, and the memory grow.
    const { buffer } = backend.wasm.HEAPU8;
    if (this.heap.buffer !== buffer) this.heap = new Float32Array(buffer);
    return offset / 4;
  }
}

/** Arrays of a script that runs in a context of its own (jest) are not `instanceof` ours. */
function ofThisRealm(values: unknown): TypedArray | null {
  if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array) return values;
  if (!ArrayBuffer.isView(values)) return null;
  const { buffer, byteOffset, byteLength } = values;
  switch ((values as Float32Array)[Symbol.toStringTag] as string) {
    case "Float32Array":
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case "Int32Array":
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    case "Uint8Array":
      return new Uint8Array(buffer, byteOffset, byteLength);
    default:
      return null;
  }
}

function wasmView(backend: WasmBackendLike, tensor: TensorLike): TypedArray | null {
  if (backend.wasm?.HEAPU8 === undefined) return null;
  const offset = backend.dataIdMap?.get(tensor.dataId)?.memoryOffset ?? null;
  if (offset === null) return null;
  // Only now: to be asked for its place can make the engine compute a tensor, and the memory grow.
  const { buffer } = backend.wasm.HEAPU8;
  switch (tensor.dtype) {
    case "float32":
      return new Float32Array(buffer, offset, tensor.size);
    case "int32":
      return new Int32Array(buffer, offset, tensor.size);
    default:
      return null;
  }
}
