import type { LayerInfo, SourcePosition, WeightInfo } from "../../run/format.js";
import { layerConfig } from "./layerConfig.js";
import {
  type ContainerLike,
  isContainer,
  type LayerLike,
  type LayerVariableLike,
  type NodeLike,
  type VariableLike,
} from "./tensorflow.js";

/** Where a layer stands in the model that was seen around it. */
interface Place {
  readonly root: LayerLike;
  readonly path: string;
  readonly parent: ContainerLike | null;
  readonly isOutput: boolean;
}

/**
 * Numbers layers and weights as they are first seen in training, and knows their model, path and source line.
 * Layers are held weakly: a model that the script drops can be collected.
 */
export class LayerCatalogue {
  readonly layers: LayerInfo[] = [];
  readonly weights: WeightInfo[] = [];
  /** For each of `layers`: steps in which it had a training pass. */
  readonly steps: number[] = [];
  /** Set by every change; whoever hands the catalogue on clears it. */
  changed = false;

  private readonly sources = new WeakMap<LayerLike, SourcePosition>();
  private readonly places = new WeakMap<LayerLike, Place>();
  private readonly calls = new WeakMap<LayerLike, number[]>();
  private readonly weightIndexes = new WeakMap<VariableLike, number>();
  private readonly registered = new WeakSet<LayerLike>();
  private readonly containers: WeakRef<LayerLike>[] = [];
  private readonly paths = new Set<string>();
  private readonly refreshed = new Set<number>();
  /** By index; only first calls. */
  private readonly alive = new Map<number, WeakRef<LayerLike>>();

  /** A layer is being constructed. It has neither name nor weights yet. */
  created(layer: LayerLike, source: SourcePosition | null): void {
    if (source !== null) this.sources.set(layer, source);
    // Whether it is a container shows only later; `fit` calls a model's layers one by one, not the model.
    if ("getLayer" in layer) this.containers.push(new WeakRef(layer));
  }

  /** All layers around and below `layer` get their numbers, in the order of the model. Cheap when nothing is new. */
  register(layer: LayerLike): void {
    if (this.registered.has(layer)) return;
    this.registered.add(layer);
    if (this.places.has(layer)) return;
    const owner = this.ownerOf(layer) ?? layer;
    this.place(owner, owner, null, isContainer(owner) ? owner.name : "", true);
    for (const leaf of leavesOf(owner)) {
      this.registered.add(leaf);
      this.indexOf(leaf, 1);
    }
  }

  /** Number of the layer's `call`-th call within one pass. */
  indexOf(layer: LayerLike, call: number): number {
    const known = this.calls.get(layer)?.[call - 1];
    if (known !== undefined) return known;
    const index = this.layers.length;
    const calls = this.calls.get(layer) ?? [];
    calls[call - 1] = index;
    this.calls.set(layer, calls);
    this.steps.push(0);
    if (call === 1) this.alive.set(index, new WeakRef(layer));
    this.layers.push(this.describe(layer, call, index));
    this.changed = true;
    return index;
  }

  /** The layer had a training pass in this step. */
  stepCounted(index: number): void {
    this.steps[index] = (this.steps[index] ?? 0) + 1;
  }

  /** Weights, and shapes of layers outside a model, are known only once a layer was built and called. */
  refresh(
    layer: LayerLike,
    index: number,
    inputShape: LayerInfo["inputShape"],
    outputShape: LayerInfo["outputShape"],
  ): void {
    const info = this.layers[index];
    if (info === undefined || this.refreshed.has(index)) return;
    this.refreshed.add(index);
    this.layers[index] = {
      ...info,
      inputShape: info.inputShape ?? inputShape,
      outputShape: info.outputShape ?? outputShape,
      weights: this.weightsOf(layer, index),
    };
    this.changed = true;
  }

  /** Scripts freeze layers, thaw them and change momentum between two steps. */
  refreshFlags(): void {
    for (const [index, reference] of this.alive) {
      const layer = reference.deref();
      const info = this.layers[index];
      if (layer === undefined || info === undefined) {
        this.alive.delete(index);
        continue;
      }
      const config = layerConfig(layer);
      if (config.trainable !== info.config.trainable || config.momentum !== info.config.momentum) {
        this.layers[index] = { ...info, config };
        this.changed = true;
      }
      for (const weight of layer.weights) this.refreshWeight(weight, config.trainable !== false && weight.trainable);
    }
  }

  private refreshWeight({ val }: LayerVariableLike, trainable: boolean): void {
    const at = val === undefined ? undefined : this.weightIndexes.get(val);
    const weight = at === undefined ? undefined : this.weights[at];
    if (at === undefined || weight === undefined || weight.trainable === trainable) return;
    this.weights[at] = { ...weight, trainable };
    this.changed = true;
  }

  /** Number of a variable; variables of the script's own are numbered when first updated. */
  weightIndex(variable: VariableLike): number {
    const known = this.weightIndexes.get(variable);
    if (known !== undefined) return known;
    return this.addWeight(variable, variable.name, null, variable.trainable);
  }

  /** The name under which the layers of this model are listed. */
  modelName(model: LayerLike): string {
    return (this.ownerOf(model) ?? model).name;
  }

  /** The outermost model or layer that `layer` was registered with. */
  rootOf(layer: LayerLike): LayerLike {
    return this.places.get(layer)?.root ?? layer;
  }

  private describe(layer: LayerLike, call: number, index: number): LayerInfo {
    const place = this.places.get(layer);
    const suffix = call === 1 ? "" : `#${call}`;
    const node = this.nodeOf(layer, call);
    return {
      index,
      name: `${layer.name}${suffix}`,
      className: layer.getClassName(),
      model: place !== undefined && isContainer(place.root) ? place.root.name : "",
      path: this.uniquePath(`${place?.path ?? layer.name}${suffix}`),
      call,
      source: this.sources.get(layer) ?? null,
      config: layerConfig(layer),
      inputShape: shapeOf(node?.inputShapes),
      outputShape: shapeOf(node?.outputShapes),
      inbound: this.inboundOf(node),
      isOutput: place?.isOutput ?? false,
      weights: call === 1 ? this.weightsOf(layer, index) : [],
    };
  }

  /** Two models may hold layers of the same path, for instance one that is built anew each epoch. */
  private uniquePath(path: string): string {
    let unique = path;
    for (let copy = 2; this.paths.has(unique); copy++) unique = `${path}~${copy}`;
    this.paths.add(unique);
    return unique;
  }

  private place(
    layer: LayerLike,
    root: LayerLike,
    parent: ContainerLike | null,
    path: string,
    isOutput: boolean,
  ): void {
    this.places.set(layer, { root, path: path === "" ? layer.name : path, parent, isOutput });
    if (!isContainer(layer)) return;
    const outputs = layer.outputLayers ?? layer.layers.slice(-1);
    for (const child of layer.layers) {
      this.place(child, root, layer, `${path}/${child.name}`, isOutput && outputs.includes(child));
    }
  }

  /** The model that holds the layer, or the Sequential that trains by means of this inner model. */
  private ownerOf(layer: LayerLike): ContainerLike | null {
    for (const reference of this.containers) {
      const container = reference.deref();
      if (container === undefined || !isContainer(container)) continue;
      if (container.model === layer || (!isContainer(layer) && container.layers.includes(layer))) return container;
    }
    return null;
  }

  private inboundOf(node: NodeLike | null): number[] {
    if (node === null) return [];
    return node.inboundLayers
      .flatMap((source) => (isContainer(source) ? source.layers.slice(-1) : [source]))
      .filter((source) => source.getClassName() !== "InputLayer" && this.places.has(source))
      .map((source) => this.indexOf(source, 1));
  }

  /** The layer's `call`-th use in the graph of its model. */
  private nodeOf(layer: LayerLike, call: number): NodeLike | null {
    const parent = this.places.get(layer)?.parent;
    const nodes = layer.inboundNodes ?? [];
    const inModel = nodes.filter((_, index) => parent?.containerNodes?.has(`${layer.name}_ib-${index}`) ?? false);
    return (inModel.length > 0 ? inModel : nodes)[call - 1] ?? null;
  }

  private weightsOf(layer: LayerLike, index: number): number[] {
    if (layer.built === false) return [];
    const trainable = layer.trainable ?? true;
    return layer.weights.flatMap((weight) => {
      const variable = weight.val;
      if (variable === undefined) return [];
      const known = this.weightIndexes.get(variable);
      if (known !== undefined) return [known];
      return [this.addWeight(variable, weight.originalName ?? weight.name, index, trainable && weight.trainable)];
    });
  }

  private addWeight(variable: VariableLike, name: string, layer: number | null, trainable: boolean): number {
    const index = this.weights.length;
    this.weights.push({ index, name, layer, shape: [...variable.shape], trainable });
    this.weightIndexes.set(variable, index);
    this.changed = true;
    return index;
  }
}

/** Everything below `layer` that computes; containers are only folders, and input layers compute nothing. */
function* leavesOf(layer: LayerLike): Generator<LayerLike> {
  if (isContainer(layer)) for (const child of layer.layers) yield* leavesOf(child);
  else if (layer.getClassName() !== "InputLayer") yield layer;
}

/** The first shape of a node's list; null where it is not a shape. */
function shapeOf(shapes: unknown): LayerInfo["inputShape"] {
  if (!Array.isArray(shapes)) return null;
  const shape: readonly unknown[] = Array.isArray(shapes[0]) ? shapes[0] : shapes;
  return shape.every((size) => size === null || typeof size === "number") ? [...(shape as (number | null)[])] : null;
}
