import type { FlagChange, Flags } from "../../run/format.js";
import { isNormalizing } from "./layerKind.js";
import type { LayerLike, LayerVariableLike } from "./tensorflow.js";

/** Flags that a script sets back and forth in every step (adversarial training) are told so often and no more. */
const mostChanges = 20;

interface Known {
  flags: Flags;
  changes: number;
  readonly weights: readonly { readonly weight: LayerVariableLike; trainable: boolean }[];
}

/** What changed at a layer: its own flags, and weights whose flags did. */
export interface LayerFlagChange {
  readonly flags: FlagChange<Flags> | null;
  readonly weights: readonly { readonly weight: LayerVariableLike; readonly trainable: boolean }[];
  /** False once the layer changes all the time. */
  readonly isTold: boolean;
}

/** Sees scripts freeze layers, thaw them and change their momentum, at the step from which on it holds. */
export class FlagWatch {
  private readonly known = new WeakMap<LayerLike, Known>();

  /** Null when nothing has changed. Cheap, because it is asked at every call of a layer. */
  check(layer: LayerLike): LayerFlagChange | null {
    const known = this.known.get(layer);
    if (known === undefined) {
      this.known.set(layer, knownOf(layer));
      return null;
    }
    const trainable = layer.trainable !== false;
    const momentum = isNormalizing(layer) ? layer.momentum : undefined;
    const isSame = known.flags.trainable === trainable && known.flags.momentum === momentum;
    let weights: { weight: LayerVariableLike; trainable: boolean }[] | null = null;
    for (const each of known.weights) {
      const now = trainable && each.weight.trainable;
      if (each.trainable === now) continue;
      each.trainable = now;
      weights ??= [];
      weights.push({ weight: each.weight, trainable: now });
    }
    if (isSame && weights === null) return null;
    const before = known.flags;
    const after = flagsOf(layer);
    known.flags = after;
    known.changes++;
    return {
      flags: isSame ? null : { before, after },
      weights: weights ?? [],
      isTold: known.changes <= mostChanges,
    };
  }
}

function knownOf(layer: LayerLike): Known {
  const trainable = layer.trainable !== false;
  return {
    flags: flagsOf(layer),
    changes: 0,
    weights: layer.weights.map((weight) => ({ weight, trainable: trainable && weight.trainable })),
  };
}

function flagsOf(layer: LayerLike): Flags {
  return {
    trainable: layer.trainable !== false,
    ...(isNormalizing(layer) ? { momentum: layer.momentum } : {}),
  };
}
