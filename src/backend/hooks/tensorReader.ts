import type { BackendLike, EngineLike, TensorLike, TypedArray } from "./tensorflow.js";

/** WebAssembly backend of tfjs: a tensor is a slice of the module's memory. */
interface WasmBackendLike extends BackendLike {
  readonly wasm?: { readonly HEAPU8?: Uint8Array };
  readonly dataIdMap?: {
    get(dataId: object): { readonly memoryOffset: number | null; readonly dtype: string } | undefined;
  };
}

const readable = new Set(["float32", "int32", "bool"]);

/** Reads and pins tensors of the script without making tensors, so that `tf.memory()` does not see it. */
export class TensorReader {
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
    const values = this.values(tensor);
    if (values === null) return null;
    if (room?.length !== values.length) return new Float64Array(values);
    room.set(values);
    return room;
  }

  /** The value of a one-element tensor. */
  scalar(tensor: TensorLike): number | null {
    if (tensor.size !== 1) return null;
    return this.values(tensor)?.[0] ?? null;
  }

  /** Keeps the data alive until the returned function is called; null when the backend cannot. */
  pin(tensor: TensorLike): (() => void) | null {
    const { dataId } = tensor;
    const backend = this.engine.state.tensorInfo.get(dataId)?.backend;
    if (backend?.incRef === undefined || backend.disposeData === undefined) return null;
    backend.incRef(dataId);
    return () => {
      if (backend.disposeData?.(dataId) === true) this.engine.removeDataId?.(dataId, backend);
    };
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
