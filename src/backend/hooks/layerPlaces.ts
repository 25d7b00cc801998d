import { type ContainerLike, isContainer, isLayer, isPlainCell, type LayerLike } from "./tensorflow.js";

/** Where a layer stands in the model that was seen around it. */
export interface Place {
  readonly root: LayerLike;
  readonly path: string;
  readonly parent: ContainerLike | null;
  /** The wrapper or custom layer that calls this layer itself; null where a model's graph does. */
  readonly host: LayerLike | null;
  readonly isOutput: boolean;
}

/** Lists in a layer's fields that are longer than this are data, not layers. */
const mostInnerLayers = 1000;

/** Knows the model, path and host of every layer. Layers are held weakly: a model that the script drops can be collected. */
export class LayerPlaces {
  private readonly places = new WeakMap<LayerLike, Place>();
  private containers: WeakRef<LayerLike>[] = [];

  /** A layer is being constructed: whether it is a container shows only later; `fit` calls a model's layers one by one. */
  created(layer: LayerLike): void {
    if ("getLayer" in layer) this.containers.push(new WeakRef(layer));
  }

  of(layer: LayerLike): Place | undefined {
    return this.places.get(layer);
  }

  /** The model that holds the layer, or the Sequential that trains by means of this inner model. */
  ownerOf(layer: LayerLike): ContainerLike | null {
    let collected = 0;
    let owner: ContainerLike | null = null;
    for (const reference of this.containers) {
      const container = reference.deref();
      if (container === undefined) collected++;
      else if (isContainer(container) && holds(container, layer)) {
        owner = container;
        break;
      }
    }
    // A script that builds its model anew each epoch leaves many behind.
    if (collected > 100) this.containers = this.containers.filter((reference) => reference.deref() !== undefined);
    return owner;
  }

  /** Places a model, or a layer outside any, with all below it; gives what computes, in the order of the model. */
  placeRoot(root: LayerLike): LayerLike[] {
    this.place(root, {
      root,
      path: root.name,
      parent: null,
      host: null,
      isOutput: true,
    });
    return [...this.leavesOf(root)];
  }

  /** A layer that another one calls itself, and all below it; empty where it has a place already. */
  placeInner(layer: LayerLike, host: LayerLike): LayerLike[] {
    const around = this.places.get(host);
    if (around === undefined || this.places.has(layer)) return [];
    const path = `${around.path}/${layer.name}`;
    this.place(layer, { root: around.root, path, parent: null, host, isOutput: around.isOutput && wraps(host, layer) });
    return [...this.leavesOf(layer)];
  }

  private place(layer: LayerLike, place: Place): void {
    this.places.set(layer, place);
    if (!isContainer(layer)) return;
    const { root, path, host, isOutput } = place;
    const outputs = outputsOf(layer);
    for (const child of layer.layers) {
      const isLast = isOutput && outputs.includes(child);
      this.place(child, { root, path: `${path}/${child.name}`, parent: layer, host, isOutput: isLast });
    }
  }

  /** Everything below `layer` that computes; containers are only folders, and input layers compute nothing. */
  private *leavesOf(layer: LayerLike): Generator<LayerLike> {
    if (isContainer(layer)) for (const child of layer.layers) yield* this.leavesOf(child);
    else if (layer.getClassName() !== "InputLayer") {
      yield layer;
      for (const inner of innerLayersOf(layer)) {
        if (!this.places.has(inner) && this.ownerOf(inner) === null) yield* this.placeInner(inner, layer);
      }
    }
  }
}

/** Layers whose outputs are the model's, in their order. A Sequential that is not built yet has an empty list of them. */
export function outputsOf({ outputLayers = [], layers }: ContainerLike): readonly LayerLike[] {
  return outputLayers.length > 0 ? outputLayers : layers.slice(-1);
}

/** A wrapper's output is that of the layer it wraps. */
function wraps(host: object, layer: LayerLike): boolean {
  return ["layer", "forwardLayer", "backwardLayer"].some(
    (name) => Object.getOwnPropertyDescriptor(host, name)?.value === layer,
  );
}

function holds(container: ContainerLike, layer: LayerLike): boolean {
  return container.model === layer || (!isContainer(layer) && container.layers.includes(layer));
}

/**
 * Layers that a wrapper or custom layer keeps in its fields. Models only where a wrapper wraps them: others may be trained
 * by themselves. tfjs's own RNN cells are left out, since their layer's output is theirs.
 */
function* innerLayersOf(layer: LayerLike): Generator<LayerLike> {
  for (const name of Object.keys(layer)) {
    // Bidirectional keeps the layer that it made its two from.
    if (name === "layer" && "forwardLayer" in layer) continue;
    // Own getters of a custom layer are its business.
    const value: unknown = Object.getOwnPropertyDescriptor(layer, name)?.value;
    const candidates: readonly unknown[] = Array.isArray(value) && value.length <= mostInnerLayers ? value : [value];
    for (const candidate of candidates) {
      if (!isLayer(candidate) || candidate === layer) continue;
      if (isPlainCell(candidate)) yield* innerLayersOf(candidate);
      else if (!isContainer(candidate) || name === "layer") yield candidate;
    }
  }
}
