import type { BatchStatistics } from "../hooks/batchNormTap.js";
import type { Tensor } from "./fastEngine.js";

/** γ and β are [C] float32, x is [..., C] float32 with at least one value. */
export interface NormalizeInputs {
  readonly x: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly epsilon: number;
  /** The layer: what a kernel learns of its data is remembered for it. */
  readonly owner: object;
}

/** A training pass of one layer. Tensors belong to the caller's scope. */
export interface Normalized {
  readonly y: Tensor;
  readonly statistics: BatchStatistics;
  /** What `backward` needs of the forward pass. */
  readonly saved: readonly Tensor[];
  /** `saved` as tfjs hands it back. Gives the gradients of x, γ and β. */
  backward(dy: Tensor, saved: readonly Tensor[]): [Tensor, Tensor, Tensor];
}

/**
 * BatchNorm in training (Ioffe & Szegedy 2015, Algorithm 1) and its gradient in one piece, on one backend.
 * With x̂ = (x − μ)·r and r = 1/√(σ² + ε), over m values per channel:
 * dβ = Σ dy, dγ = Σ dy·x̂, dx = γ·r·(dy − dβ/m − x̂·dγ/m).
 */
export interface BatchNormKernel {
  /** Whether so many values per channel are normalised as accurately as they should be. */
  serves(valuesPerChannel: number): boolean;
  normalize(inputs: NormalizeInputs): Normalized;
}

/** Beyond so many standard deviations from zero, rounding the mean to float32 would be felt in the gradients. */
const farSigmas = 8;

/** Whether the mean of a channel is so far from zero that float32 holds too little of what lies around it. */
export function isFarFromZero(
  { mean, variance }: { readonly mean: Float64Array; readonly variance: Float64Array },
  epsilon: number,
): boolean {
  return mean.some(
    (value, channel) => Math.abs(value) > farSigmas * Math.sqrt((variance[channel] as number) + epsilon),
  );
}
