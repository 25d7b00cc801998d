import type { LayerInfo } from "../../run/format.js";
import { type LayerPlaces, outputsOf } from "./layerPlaces.js";
import { type ContainerLike, isContainer, type LayerLike, type NodeLike } from "./tensorflow.js";

/** How the layers of a model feed each other, as far as the graph tells that TensorFlow.js keeps of symbolic calls. */
export class ModelGraph {
  constructor(private readonly places: LayerPlaces) {}

  /** The layer's `call`-th use in the graph of its model. */
  nodeOf(layer: LayerLike, call: number): NodeLike | null {
    const place = this.places.of(layer);
    const nodes = layer.inboundNodes ?? [];
    const inModel = nodes.filter(
      (_, index) => place?.parent?.containerNodes?.has(`${layer.name}_ib-${index}`) ?? false,
    );
    // A wrapper calls its model's graph again and again.
    const at = place?.host === undefined || place.host === null ? call - 1 : 0;
    return (inModel.length > 0 ? inModel : nodes)[at] ?? null;
  }

  /** Layers that compute, whose outputs feed this use of the layer. What a wrapper calls is fed by the wrapper. */
  sourcesOf(layer: LayerLike, node: NodeLike | null): readonly LayerLike[] {
    const place = this.places.of(layer);
    const sources = (node?.inboundLayers ?? [])
      .flatMap((source, at) => this.computing(source, node?.tensorIndices?.[at] ?? 0, place?.parent ?? null) ?? [])
      .filter((source) => this.places.of(source) !== undefined);
    const host = place?.host ?? null;
    return sources.length === 0 && host !== null ? [host] : sources;
  }

  /**
   * What computes a layer's `output`-th output: in a model the layer that does, however deep; for the input of a model
   * within `parent` what feeds that model. Null for the input of the outermost one.
   */
  private computing(layer: LayerLike, output: number, parent: ContainerLike | null): LayerLike | null {
    if (isContainer(layer)) {
      const inner = outputsOf(layer)[output];
      return inner === undefined ? null : this.computing(inner, layer.outputLayersTensorIndices?.[output] ?? 0, layer);
    }
    if (layer.getClassName() !== "InputLayer") return layer;
    if (parent === null) return null;
    const node = this.nodeOf(parent, 1);
    const at = Math.max(0, parent.inputLayers?.indexOf(layer) ?? 0);
    const outer = node?.inboundLayers[at];
    return outer === undefined
      ? null
      : this.computing(outer, node?.tensorIndices?.[at] ?? 0, this.places.of(parent)?.parent ?? null);
  }
}

/** The first shape of a node's list; null where it is not a shape. */
export function shapeOf(shapes: unknown): LayerInfo["inputShape"] {
  if (!Array.isArray(shapes)) return null;
  const shape: readonly unknown[] = Array.isArray(shapes[0]) ? shapes[0] : shapes;
  return shape.every((size) => size === null || typeof size === "number") ? [...(shape as (number | null)[])] : null;
}
