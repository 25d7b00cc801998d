import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Composer } from "./composer.js";

/** Activations that are a clamp, done while results are stored. */
const clamps: Readonly<Record<string, readonly [number, number]>> = {
  linear: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  relu: [0, Number.POSITIVE_INFINITY],
  relu6: [0, 6],
};

/** Activations that are a kernel of their own, run on the result. */
const kernels: Readonly<Record<string, string>> = { sigmoid: "Sigmoid", elu: "Elu", tanh: "Tanh" };

export function clampOf(activation: string): readonly [number, number] {
  return clamps[activation] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

/** Whether a fused kernel with this activation is ours to run. */
export function isServed(activation: string): boolean {
  return activation in clamps || activation in kernels;
}

export function activate(composer: Composer, x: TensorInfo, activation: string): TensorInfo {
  const kernelName = kernels[activation];
  return kernelName === undefined ? x : composer.run(kernelName, { x });
}
