import type { LayerSummary } from "../../protocol/views.js";
import type { LayerInfo, WeightInfo } from "../../run/format.js";

export type LayerOrder = "model" | "worst";

/** A model (or a model nested in it), a layer, or a weight of a layer. Ids are stable over updates, so that the tree keeps its state. */
export type LayerNode = ModelNode | LeafNode | WeightNode;

export interface ModelNode {
  readonly kind: "model";
  readonly id: string;
  readonly name: string;
  readonly children: readonly LayerNode[];
}

export interface LeafNode {
  readonly kind: "layer";
  readonly id: string;
  readonly layer: LayerInfo;
  readonly children: readonly WeightNode[];
}

export interface WeightNode {
  readonly kind: "weight";
  readonly id: string;
  readonly weight: WeightInfo;
}

export interface LayerTreeInput {
  readonly layers: readonly LayerInfo[];
  readonly weights: readonly WeightInfo[];
  readonly summaries: ReadonlyMap<number, LayerSummary>;
  /** Part of a layer's path, class or weight name; empty = all. */
  readonly filter: string;
  readonly order: LayerOrder;
}

interface Branch {
  readonly name: string;
  readonly id: string;
  readonly branches: Map<string, Branch>;
  readonly leaves: { readonly at: number; readonly node: LeafNode }[];
  firstAt: number;
}

/** Nodes of the tree, oldest layer first, or (order `worst`) a flat list with the one that needs attention first. */
export function layerNodes(input: LayerTreeInput): LayerNode[] {
  const { layers, filter } = input;
  const kept = layers.filter((layer) => matches(layer, filter));
  if (input.order === "worst") return kept.map((layer) => leaf(layer, input)).sort(byAttention(input.summaries));
  const root: Branch = { name: "", id: "", branches: new Map(), leaves: [], firstAt: 0 };
  for (const [at, layer] of kept.entries()) {
    let branch = root;
    for (const name of modelNames(layer)) branch = child(branch, name, at);
    branch.leaves.push({ at, node: leaf(layer, input) });
  }
  return ordered(root);
}

/** Every layer at or below a node. */
export function layersBelow(node: LayerNode): LayerInfo[] {
  switch (node.kind) {
    case "model":
      return node.children.flatMap(layersBelow);
    case "layer":
      return [node.layer];
    case "weight":
      return [];
    default:
      return node satisfies never;
  }
}

/** A node and everything below it. */
export function nodesBelow(node: LayerNode): LayerNode[] {
  return node.kind === "weight" ? [node] : [node, ...node.children.flatMap(nodesBelow)];
}

function matches(layer: LayerInfo, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  return wanted === "" || `${layer.path} ${layer.name} ${layer.className}`.toLowerCase().includes(wanted);
}

/** The models around a layer, outermost first: its path without its own name. */
function modelNames(layer: LayerInfo): string[] {
  if (layer.path.endsWith(`/${layer.name}`)) return layer.path.slice(0, -layer.name.length - 1).split("/");
  return layer.model === "" ? [] : [layer.model];
}

function child(branch: Branch, name: string, at: number): Branch {
  let found = branch.branches.get(name);
  if (found === undefined) {
    found = { name, id: `${branch.id}/${name}`, branches: new Map(), leaves: [], firstAt: at };
    branch.branches.set(name, found);
  }
  return found;
}

function ordered(branch: Branch): LayerNode[] {
  const models = [...branch.branches.values()].map((inner) => ({ at: inner.firstAt, node: modelNode(inner) }));
  return [...models, ...branch.leaves].sort((a, b) => a.at - b.at).map(({ node }) => node);
}

function modelNode(branch: Branch): ModelNode {
  const children = ordered(branch);
  return { kind: "model", id: `model:${branch.id}`, name: branch.name, children };
}

function leaf(layer: LayerInfo, { weights }: LayerTreeInput): LeafNode {
  const children = layer.weights.flatMap((index): WeightNode[] => {
    const weight = weights[index];
    return weight === undefined ? [] : [{ kind: "weight", id: `weight:${layer.index}:${index}`, weight }];
  });
  return { kind: "layer", id: `layer:${layer.index}`, layer, children };
}

function byAttention(summaries: ReadonlyMap<number, LayerSummary>) {
  return (a: LeafNode, b: LeafNode): number =>
    (summaries.get(b.layer.index)?.attention ?? 0) - (summaries.get(a.layer.index)?.attention ?? 0) ||
    a.layer.index - b.layer.index;
}
