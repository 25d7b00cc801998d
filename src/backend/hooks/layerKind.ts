import {
  type BatchNormalizationLike,
  isBatchNormalization,
  isContainer,
  isPlainCell,
  type LayerLike,
} from "./tensorflow.js";

export interface LayerKind {
  readonly isContainer: boolean;
  readonly isPlainCell: boolean;
  /** A custom one: it has states and is called once for each time step. */
  readonly isCell: boolean;
  readonly isBatchNormalization: boolean;
}

const kinds = new WeakMap<LayerLike, LayerKind>();

/**
 * What a layer is stays so once it is called. Layers are of many classes, and to ask all of them at every call for
 * properties that most lack takes longer than anything else that is done at a call.
 */
export function kindOf(layer: LayerLike): LayerKind {
  let kind = kinds.get(layer);
  if (kind === undefined) {
    kind = {
      isContainer: isContainer(layer),
      isPlainCell: isPlainCell(layer),
      isCell: "stateSize" in layer && !("returnSequences" in layer),
      isBatchNormalization: isBatchNormalization(layer),
    };
    kinds.set(layer, kind);
  }
  return kind;
}

/** `isBatchNormalization` of a layer that is called. */
export function isNormalizing(layer: LayerLike): layer is BatchNormalizationLike {
  return kindOf(layer).isBatchNormalization;
}
