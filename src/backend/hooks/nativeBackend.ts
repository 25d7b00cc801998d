import type { BackendLike, TensorLike } from "./tensorflow.js";

/** Of an operation of TensorFlow's; types are constants of the addon. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** tfjs-node's addon: tensors are numbers, operations TensorFlow's own. */
export interface NativeBinding
  extends Readonly<
    Record<"TF_FLOAT" | "TF_INT32" | "TF_ATTR_TYPE" | "TF_ATTR_FLOAT" | "TF_ATTR_STRING" | "TF_ATTR_BOOL", number>
  > {
  isUsingGpuDevice?(): boolean;
  /** The values stay where they are: they are the tensor's. */
  createTensor(shape: readonly number[], type: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): readonly { readonly id: number }[];
}

/** tfjs-node's backend, as far as it is used besides tfjs' own interface. */
export interface NativeBackend extends BackendLike {
  readonly binding: NativeBinding;
  readonly tensorMap: {
    /** `values` as long as a tensor is but the array that the script made it from. */
    get(dataId: object): { readonly id: number; readonly values?: unknown } | undefined;
  };
  executeMultipleOutputs<Tensor extends TensorLike>(
    name: string,
    attributes: Attribute[],
    inputs: Tensor[],
    count: number,
  ): Tensor[];
}

export function isNativeBackend(backend: BackendLike): backend is NativeBackend {
  const { binding, executeMultipleOutputs } = backend as Partial<NativeBackend>;
  return typeof executeMultipleOutputs === "function" && typeof binding?.TF_FLOAT === "number";
}
