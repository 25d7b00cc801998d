import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Composer } from "./composer.js";

/** Activations that are a clamp, done while results are stored. */
const clamps: Readonly<Record<string, readonly [number, number]>> = {
  linear: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  relu: [0, Number.POSITIVE_INFINITY],
  relu6: [0, 6],
};

/** Activations that are a kernel of their own, run on the result. */
const kernels: Readonly<Record<string, string>> = {
  sigmoid: "Sigmoid",
  elu: "Elu",
  tanh: "Tanh",
  relu: "Relu",
  relu6: "Relu6",
  leakyrelu: "LeakyRelu",
  prelu: "Prelu",
};

export interface FusedAttributes {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** The clamp that is the activation; null where it is another function, to be applied with `activate`. */
export function clampOf(activation: string): readonly [number, number] | null {
  return clamps[activation] ?? null;
}

export const noClamp = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

export function activate(
  composer: Composer,
  x: TensorInfo,
  { activation = "linear", leakyreluAlpha }: FusedAttributes,
  alpha: TensorInfo | undefined,
): TensorInfo {
  if (activation === "linear") return x;
  const kernelName = kernels[activation];
  if (kernelName === undefined) throw new Error(`Activation ${activation} is not among ${Object.keys(kernels)}.`);
  return composer.run(kernelName, alpha ? { x, alpha } : { x }, { alpha: leakyreluAlpha });
}

/** What a fused kernel does, kernel by kernel, for biases and activations that ours does not take along. */
export function unfused(
  composer: Composer,
  product: TensorInfo,
  { bias, preluActivationWeights }: { readonly bias?: TensorInfo; readonly preluActivationWeights?: TensorInfo },
  attributes: FusedAttributes,
): TensorInfo {
  const sum = bias ? composer.run("Add", { a: product, b: bias }) : product;
  return activate(composer, sum, attributes, preluActivationWeights);
}
