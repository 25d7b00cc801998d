import type { LayerCatalogue } from "./layerCatalogue.js";
import type { EngineLike, NamedGradients, TensorLike } from "./tensorflow.js";
import type { TensorKernels } from "./tensorKernels.js";
import { fewValues, type TensorReader } from "./tensorReader.js";

export interface BadGradient {
  readonly weight: number;
  readonly layer: number | null;
  readonly nanCount: number;
  readonly infCount: number;
}

/** Among so many of the first gradients the smallest is looked at. */
const firstOnes = 4;
/** Values of a gradient that is read in every step. */
const mostValues = 4096;

/**
 * Finds NaN and Inf in gradients although the loss is finite (√0, 0/0 in the backward pass). What is bad anywhere flows back
 * to the first layer, so that one small gradient there stands for all; the others are read once it is bad.
 */
export class GradientWatch {
  constructor(
    private readonly engine: EngineLike,
    private readonly reader: TensorReader,
    private readonly kernels: TensorKernels,
    private readonly catalogue: LayerCatalogue,
  ) {}

  /** The bad gradient that was computed first, which is that of the last layer; null where all seems sound. */
  first(gradients: NamedGradients): BadGradient | null {
    const small = smallestOfFirst(gradients);
    if (small === null || small.size > mostValues || this.isSound(small)) return null;
    let last: BadGradient | null = null;
    for (const [name, gradient] of entriesOf(gradients)) {
      const variable = this.engine.registeredVariables[name];
      const values = variable === undefined || this.isSound(gradient) ? null : this.reader.values(gradient);
      if (variable === undefined || values === null) continue;
      const weight = this.catalogue.weightIndex(variable);
      const layer = this.catalogue.weights[weight]?.layer ?? null;
      if (last !== null && (layer ?? -1) <= (last.layer ?? -1)) continue;
      let nanCount = 0;
      let infCount = 0;
      for (const value of values) {
        if (Number.isNaN(value)) nanCount++;
        else if (!Number.isFinite(value)) infCount++;
      }
      last = { weight, layer, nanCount, infCount };
    }
    return last;
  }

  private isSound(gradient: TensorLike): boolean {
    if (gradient.size <= fewValues) return this.reader.areFinite(gradient) !== false;
    return (this.kernels.norm(gradient)?.nonfinite ?? 0) === 0;
  }
}

/** Once a step: nothing is made for it. */
function smallestOfFirst(gradients: NamedGradients): TensorLike | null {
  let smallest: TensorLike | null = null;
  let seen = 0;
  for (const key in gradients) {
    const entry = gradients[key as keyof NamedGradients] as
      | TensorLike
      | { readonly tensor: TensorLike }
      | null
      | undefined;
    const gradient = entry != null && "tensor" in entry ? entry.tensor : entry;
    if (gradient == null) continue;
    if (smallest === null || gradient.size < smallest.size) smallest = gradient;
    if (++seen === firstOnes) break;
  }
  return smallest;
}

function entriesOf(gradients: NamedGradients): (readonly [string, TensorLike])[] {
  const entries = Array.isArray(gradients)
    ? gradients.map(({ name, tensor }) => [name, tensor] as const)
    : Object.entries(gradients);
  return entries.flatMap(([name, tensor]) =>
    tensor === undefined || tensor === null ? [] : [[name, tensor] as const],
  );
}
