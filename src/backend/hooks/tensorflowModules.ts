import type { HistoryClass, ModelClass } from "./fitHooks.js";
import type { LayerClass } from "./layerHooks.js";
import type { OptimizerClass } from "./updateHooks.js";

const optimizerNames = [
  "SGDOptimizer",
  "MomentumOptimizer",
  "AdagradOptimizer",
  "AdadeltaOptimizer",
  "AdamOptimizer",
  "AdamaxOptimizer",
  "RMSPropOptimizer",
] as const;

export interface CoreParts {
  readonly base: OptimizerClass;
  readonly optimizers: readonly OptimizerClass[];
}

export interface LayersParts {
  readonly layer: LayerClass;
  readonly model: ModelClass;
  readonly history: HistoryClass;
}

/** The optimizer classes, if a module exports those of tfjs-core. */
export function coreParts(exports: object): CoreParts | null {
  const base = classOf(exports, "Optimizer");
  if (base === null || classOf(exports, "SGDOptimizer") === null) return null;
  const optimizers = optimizerNames.map((name) => classOf(exports, name)).filter((found) => found !== null);
  return { base: base as OptimizerClass, optimizers: optimizers as OptimizerClass[] };
}

/** The classes that layers and models come from, if a module exports those of tfjs-layers. */
export function layersParts(exports: object): LayersParts | null {
  const namespace: unknown = (exports as Record<string, unknown>).layers;
  const layer = typeof namespace === "object" && namespace !== null ? classOf(namespace, "Layer") : null;
  const model = classOf(exports, "LayersModel");
  const history = classOf(exports, "History");
  if (layer === null || model === null || history === null) return null;
  return { layer: layer as LayerClass, model, history: history as HistoryClass };
}

function classOf(exports: object, name: string): { readonly prototype: object } | null {
  const value: unknown = (exports as Record<string, unknown>)[name];
  return typeof value === "function" && typeof value.prototype === "object" ? (value as { prototype: object }) : null;
}
