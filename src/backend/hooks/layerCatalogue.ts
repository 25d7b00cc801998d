import type { FlagChange, Flags, LayerInfo, RunEvent, SourcePosition, WeightInfo } from "../../run/format.js";
import { FlagWatch } from "./flagWatch.js";
import { layerConfig } from "./layerConfig.js";
import { LayerPlaces } from "./layerPlaces.js";
import { ModelGraph, shapeOf } from "./modelGraph.js";
import { OnceNotes } from "./onceNotes.js";
import {
  type BatchNormalizationLike,
  isBatchNormalization,
  isContainer,
  type LayerLike,
  type NodeLike,
  type VariableLike,
} from "./tensorflow.js";
import { WeightList } from "./weightList.js";

/** Calls of one layer in one pass that get a series of their own: a wrapper calls its layer once for each time step. */
const mostCalls = 64;
/** A script that makes new layers for ever fills no memory. */
const mostLayers = 10_000;

type FlagsEvent = Extract<RunEvent, { readonly type: "flags" }>;
interface FlagChanges {
  readonly layers: FlagsEvent["layers"][number][];
  readonly weights: FlagsEvent["weights"][number][];
}

/** One of several inputs or outputs of a layer. */
export type Part = "input" | "output";

/**
 * Numbers layers and weights as they are first seen in training, and knows their model, path and source line.
 * Layers are held weakly: a model that the script drops can be collected.
 */
export class LayerCatalogue {
  readonly layers: LayerInfo[] = [];
  /** For each of `layers`: steps in which it had a training pass. */
  readonly steps: number[] = [];
  /** Set by every change; whoever hands the catalogue on clears it. */
  changed = false;

  private readonly sources = new WeakMap<LayerLike, SourcePosition>();
  private readonly places = new LayerPlaces();
  private readonly graph = new ModelGraph(this.places);
  private readonly calls = new WeakMap<LayerLike, number[]>();
  private readonly weightList = new WeightList(() => {
    this.changed = true;
  });
  private readonly registered = new WeakSet<LayerLike>();
  private readonly parts = new Map<string, number>();
  private readonly paths = new Set<string>();
  private readonly refreshed = new Set<number>();
  /** By index; only first calls. */
  private readonly alive = new Map<number, WeakRef<LayerLike>>();
  private readonly notes = new OnceNotes();
  private readonly flags = new FlagWatch();
  private flagChanges: FlagChanges = { layers: [], weights: [] };

  get weights(): readonly WeightInfo[] {
    return this.weightList.weights;
  }

  /** A layer is being constructed. It has neither name nor weights yet. */
  created(layer: LayerLike, source: SourcePosition | null): void {
    if (source !== null) this.sources.set(layer, source);
    this.places.created(layer);
  }

  /** All layers around and below `layer` get their numbers, in the order of the model. Cheap when nothing is new. */
  register(layer: LayerLike): void {
    if (this.registered.has(layer)) return;
    this.registered.add(layer);
    if (this.places.of(layer) !== undefined) return;
    const owner = this.places.ownerOf(layer) ?? layer;
    if (this.places.of(owner) === undefined) this.number(this.places.placeRoot(owner));
  }

  /** Whether the layer has its place in a model, or below the layer that calls it. */
  isPlaced(layer: LayerLike): boolean {
    return this.places.of(layer) !== undefined;
  }

  /** A layer that `host` calls itself, in place of a model's graph. */
  registerInner(layer: LayerLike, host: LayerLike): void {
    // A Sequential works by means of a functional model, which is no other place.
    if (isContainer(host) || this.places.of(layer) !== undefined) return;
    this.number(this.places.placeInner(layer, host));
  }

  private number(leaves: readonly LayerLike[]): void {
    for (const leaf of leaves) {
      this.registered.add(leaf);
      this.indexOf(leaf, 1);
    }
  }

  /** Number of the layer's `call`-th call within one pass; null for one too many. */
  indexOf(layer: LayerLike, call: number): number | null {
    const known = this.calls.get(layer)?.[call - 1];
    if (known !== undefined) return known;
    if (!this.hasRoom(layer, call)) return null;
    const node = this.graph.nodeOf(layer, call);
    // What feeds it is numbered first.
    const inbound = this.graph.sourcesOf(layer, node).flatMap((source) => this.indexOf(source, 1) ?? []);
    const index = this.add((index) => this.describe(layer, call, { index, node, inbound }));
    const calls = this.calls.get(layer) ?? [];
    calls[call - 1] = index;
    this.calls.set(layer, calls);
    if (call === 1) this.alive.set(index, new WeakRef(layer));
    return index;
  }

  /** Number of one of several inputs or outputs of a layer's call: a series of its own, `layer/input.1`. */
  partOf(of: number, part: Part, place: number, tensorShape: LayerInfo["outputShape"]): number | null {
    const key = `${of}/${part}.${place}`;
    const known = this.parts.get(key);
    const layer = this.layers[of];
    if (known !== undefined || layer === undefined || this.layers.length >= mostLayers) return known ?? null;
    const source = part === "output" ? of : layer.inbound[place];
    const name = `${part}.${place}`;
    const index = this.add((index) => ({
      ...layer,
      index,
      name: `${layer.name}/${name}`,
      className: part === "output" ? "Output" : "Input",
      path: this.uniquePath(`${layer.path}/${name}`),
      config: {},
      inputShape: null,
      outputShape: tensorShape,
      inbound: source === undefined ? [] : [source],
      isOutput: part === "output" && layer.isOutput,
      weights: [],
    }));
    this.parts.set(key, index);
    return index;
  }

  /** What the run should tell of what is not recorded; each sentence once. */
  takeNotes(): readonly string[] {
    return this.notes.take();
  }

  private hasRoom(layer: LayerLike, call: number): boolean {
    if (call > mostCalls) {
      const text = `${layer.name} is called more than ${mostCalls} times in a pass; its first ${mostCalls} calls are recorded.`;
      this.notes.add(`calls of ${layer.name}`, text);
      return false;
    }
    if (this.layers.length < mostLayers) return true;
    this.notes.add(
      "layers",
      `The script made more than ${mostLayers} layers; those after ${layer.name} are not recorded.`,
    );
    return false;
  }

  private add(describe: (index: number) => LayerInfo): number {
    const index = this.layers.length;
    this.steps.push(0);
    this.layers.push(describe(index));
    this.changed = true;
    return index;
  }

  /** The layer had a training pass in this step. */
  stepCounted(index: number): void {
    this.steps[index] = (this.steps[index] ?? 0) + 1;
  }

  isRefreshed(index: number): boolean {
    return this.refreshed.has(index);
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

  /** Those that are numbered and still there. */
  batchNormLayers(): BatchNormalizationLike[] {
    return [...this.alive.values()].flatMap((reference) => {
      const layer = reference.deref();
      return layer !== undefined && isBatchNormalization(layer) ? [layer] : [];
    });
  }

  /** Layers that were not called may have been changed too. */
  refreshFlags(): void {
    for (const [index, reference] of this.alive) {
      const layer = reference.deref();
      if (layer === undefined) this.alive.delete(index);
      else this.checkFlags(layer);
    }
  }

  /** Scripts freeze layers, thaw them and change momentum between two steps. */
  checkFlags(layer: LayerLike): void {
    const change = this.flags.check(layer);
    if (change === null) return;
    const layers = change.flags === null ? [] : this.changeFlags(layer, change.flags);
    const weights = change.weights.flatMap(({ weight, trainable }) => this.weightList.setTrainable(weight, trainable));
    if (layers.length + weights.length === 0) return;
    this.changed = true;
    if (!change.isTold) return;
    this.flagChanges.layers.push(...layers);
    this.flagChanges.weights.push(...weights);
  }

  /** Since it was last asked; null when none. */
  takeFlagChanges(): FlagChanges | null {
    const { layers, weights } = this.flagChanges;
    if (layers.length + weights.length === 0) return null;
    this.flagChanges = { layers: [], weights: [] };
    return { layers, weights };
  }

  private changeFlags(layer: LayerLike, change: FlagChange<Flags>): FlagChanges["layers"] {
    return (this.calls.get(layer) ?? []).flatMap((index) => {
      const info = this.layers[index];
      if (info === undefined) return [];
      this.layers[index] = { ...info, config: { ...info.config, ...change.after } };
      return { layer: index, ...change };
    });
  }

  /** What a wrapper calls is left out: its output is the wrapper's. */
  isModelOutput(index: number, layer: LayerLike): boolean {
    return this.layers[index]?.isOutput === true && (this.places.of(layer)?.host ?? null) === null;
  }

  /** Number of a variable; variables of the script's own are numbered when first updated. */
  weightIndex(variable: VariableLike): number {
    return this.weightList.indexOf(variable);
  }

  /** The name under which the layers of this model are listed. */
  modelName(model: LayerLike): string {
    return (this.places.ownerOf(model) ?? model).name;
  }

  /** The outermost model or layer that `layer` was registered with. */
  rootOf(layer: LayerLike): LayerLike {
    return this.places.of(layer)?.root ?? layer;
  }

  private describe(
    layer: LayerLike,
    call: number,
    { index, node, inbound }: { index: number; node: NodeLike | null; inbound: readonly number[] },
  ): LayerInfo {
    const place = this.places.of(layer);
    const suffix = call === 1 ? "" : `#${call}`;
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
      inbound,
      isOutput: place?.isOutput ?? false,
      weights: call === 1 && layer.built !== false ? this.weightsOf(layer, index) : [],
    };
  }

  /** Two models may hold layers of the same path, for instance one that is built anew each epoch. */
  private uniquePath(path: string): string {
    let unique = path;
    for (let copy = 2; this.paths.has(unique); copy++) unique = `${path}~${copy}`;
    this.paths.add(unique);
    return unique;
  }

  /** Of a layer that is built; what a wrapper builds is never marked so. */
  private weightsOf(layer: LayerLike, index: number): number[] {
    const host = this.places.of(layer)?.host ?? null;
    return this.weightList.ofLayer(layer, index, host === null ? null : this.indexOf(host, 1));
  }
}
