import type { RunEvent, WeightInfo } from "../../run/format.js";
import type { LayerLike, LayerVariableLike, VariableLike } from "./tensorflow.js";

type WeightFlags = Extract<RunEvent, { readonly type: "flags" }>["weights"][number];

/** Numbers variables as they are first seen, and knows which layer owns each. */
export class WeightList {
  readonly weights: WeightInfo[] = [];
  private readonly indexes = new WeakMap<VariableLike, number>();

  constructor(private readonly onChange: () => void) {}

  /** Variables of the script's own are numbered when first updated. */
  indexOf(variable: VariableLike): number {
    return this.indexes.get(variable) ?? this.add(variable, variable.name, null, variable.trainable);
  }

  /** Weights of a layer that is built; `host` is the number of the layer that calls it itself, whose weights they were. */
  ofLayer(layer: LayerLike, index: number, host: number | null): number[] {
    const trainable = layer.trainable ?? true;
    return layer.weights.flatMap((weight) => {
      const variable = weight.val;
      if (variable === undefined) return [];
      const known = this.indexes.get(variable);
      if (known !== undefined) return [this.handOver(known, index, host)];
      return [this.add(variable, weight.originalName ?? weight.name, index, trainable && weight.trainable)];
    });
  }

  setTrainable({ val }: LayerVariableLike, trainable: boolean): WeightFlags[] {
    const at = val === undefined ? undefined : this.indexes.get(val);
    const info = at === undefined ? undefined : this.weights[at];
    if (at === undefined || info === undefined || info.trainable === trainable) return [];
    this.weights[at] = { ...info, trainable };
    return [{ weight: at, before: !trainable, after: trainable }];
  }

  /** A wrapper's weights are those of the layers in it, which come after it. */
  private handOver(weight: number, index: number, host: number | null): number {
    const info = this.weights[weight];
    if (info !== undefined && host !== null && info.layer === host && host !== index) {
      this.weights[weight] = { ...info, layer: index };
      this.onChange();
    }
    return weight;
  }

  private add(variable: VariableLike, name: string, layer: number | null, trainable: boolean): number {
    const index = this.weights.length;
    this.weights.push({ index, name, layer, shape: [...variable.shape], trainable });
    this.indexes.set(variable, index);
    this.onChange();
    return index;
  }
}
