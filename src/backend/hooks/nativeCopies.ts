import type { KernelHome } from "../../kernels/home.js";
import { isNativeBackend, type NativeBackend, type NativeBinding } from "./nativeBackend.js";
import type { BackendLike, TensorLike } from "./tensorflow.js";

/** What `works` needs. */
export const trialBytes = 128;
/** Which axis is put in front, and which row is written. */
const zero = new Int32Array(1);

/**
 * Copies tensors of tfjs-node to where kernels read them. Its own way of reading gives every tensor memory made anew, and
 * for large ones the system's work for fresh pages is most of what that costs. Here TensorFlow is told of a tensor that lies
 * in the kernels' memory, and writes the other one's values into it (`InplaceUpdate`, one of its few operations that change
 * an input).
 */
export class NativeCopies {
  private constructor(
    private readonly binding: NativeBinding,
    private readonly tensors: NativeBackend["tensorMap"],
    private readonly home: KernelHome,
  ) {}

  /** Null for other backends, and where tensors lie on a GPU. */
  static of(backend: BackendLike, home: KernelHome): NativeCopies | null {
    if (!isNativeBackend(backend)) return null;
    const { binding, tensorMap } = backend;
    if (typeof tensorMap?.get !== "function") return null;
    try {
      return binding.isUsingGpuDevice?.() === true ? null : new NativeCopies(binding, tensorMap, home);
    } catch {
      return null;
    }
  }

  /** Whether this TensorFlow writes where it is told to, tried out at byte offset `at`, a place of `trialBytes`. */
  works(at: number): boolean {
    try {
      return this.arrives(Float32Array, at) && this.arrives(Int32Array, at);
    } catch {
      return false;
    }
  }

  /** Whether there is something to copy: a float32 or int32 tensor that is no more the array it was made from. */
  holds({ dataId, dtype }: TensorLike): boolean {
    const known = this.tensors.get(dataId);
    return known !== undefined && (known.values ?? null) === null && (dtype === "float32" || dtype === "int32");
  }

  /**
   * The values of a tensor that it holds, copied to byte offset `at` of the kernels' memory, a multiple of 64.
   * @throws what TensorFlow throws
   */
  copy({ dataId, dtype, shape, size }: TensorLike, at: number): Float32Array | Int32Array {
    const Values = dtype === "float32" ? Float32Array : Int32Array;
    const values = new Values(this.home.memory.buffer, at, size);
    this.write(values, shape, this.tensors.get(dataId)?.id ?? -1);
    return values;
  }

  private write(values: Float32Array | Int32Array, shape: readonly number[], from: number): void {
    const { binding } = this;
    const { TF_FLOAT, TF_INT32, TF_ATTR_TYPE } = binding;
    const type = values instanceof Float32Array ? TF_FLOAT : TF_INT32;
    const ofType = { name: "T", type: TF_ATTR_TYPE, value: type };
    const ofAxis = { name: "Tdim", type: TF_ATTR_TYPE, value: TF_INT32 };
    // A script can ask how many tensors TensorFlow has, so that none is kept.
    const made: number[] = [];
    const make = (...tensor: Parameters<NativeBinding["createTensor"]>): number => {
      const id = binding.createTensor(...tensor);
      made.push(id);
      return id;
    };
    const run = (name: string, attributes: (typeof ofType)[], inputs: number[]): number => {
      const [{ id }] = binding.executeOp(name, attributes, inputs, 1) as [{ id: number }];
      made.push(id);
      return id;
    };
    try {
      const target = make([1, ...shape], type, values);
      // The same memory under another shape: nothing is copied.
      const row = run("ExpandDims", [ofType, ofAxis], [from, make([], TF_INT32, zero)]);
      run("InplaceUpdate", [ofType], [target, make([1], TF_INT32, zero), row]);
    } finally {
      for (const id of made) binding.deleteTensor(id);
    }
  }

  private arrives(Values: Float32ArrayConstructor | Int32ArrayConstructor, at: number): boolean {
    const { binding } = this;
    const sent = new Values(Array.from({ length: trialBytes / 4 }, (_, index) => 3 * index - 7));
    const values = new Values(this.home.memory.buffer, at, sent.length).fill(0);
    const type = sent instanceof Float32Array ? binding.TF_FLOAT : binding.TF_INT32;
    const from = binding.createTensor([sent.length], type, sent);
    try {
      this.write(values, [sent.length], from);
    } finally {
      binding.deleteTensor(from);
    }
    return sent.every((value, index) => values[index] === value);
  }
}
