import type { BackendLike, EngineLike, TensorLike } from "../hooks/tensorflow.js";

/** What the fast paths use of tfjs-core beyond what the hooks do; the same since version 2. */
export interface Tensor extends TensorLike {
  readonly id: number;
  dispose(): void;
}

export type GradientFunction = (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[];

export type CustomGradient = (...inputsAndSave: never[]) => { value: Tensor; gradFunc: GradientFunction };

export interface TapeNode {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
}

export interface FastEngine extends EngineLike {
  readonly state: EngineLike["state"] & {
    /** How many calls of `gradients` are collecting a tape. */
    readonly gradientDepth: number;
    readonly activeTape?: readonly TapeNode[] | null;
    /** How many kernels are running one within another. */
    readonly kernelDepth?: number;
    /** Within `tf.profile`. */
    readonly profiling?: boolean;
  };
  /** What computes now; made when first asked for. */
  readonly backend: BackendLike;
  customGrad(f: CustomGradient): (...inputs: Tensor[]) => Tensor;
  makeTensor(values: Float32Array, shape: readonly number[], dtype: "float32"): Tensor;
  makeTensorFromTensorInfo(info: { dataId: object; shape: readonly number[]; dtype: string }): Tensor;
  tidy<Result>(f: () => Result): Result;
}

export function isFastEngine(engine: EngineLike): engine is FastEngine {
  const { customGrad, makeTensor, makeTensorFromTensorInfo, tidy, state } = engine as Partial<FastEngine>;
  return (
    [customGrad, makeTensor, makeTensorFromTensorInfo, tidy].every((method) => typeof method === "function") &&
    typeof state?.gradientDepth === "number"
  );
}

export function vector(engine: FastEngine, values: ArrayLike<number>): Tensor {
  return engine.makeTensor(
    values instanceof Float32Array ? values : Float32Array.from(values),
    [values.length],
    "float32",
  );
}

/** The backend that holds a tensor's data. */
export function backendOf(engine: EngineLike, tensor: TensorLike): BackendLike | null {
  return engine.state.tensorInfo.get(tensor.dataId)?.backend ?? null;
}
