import type { LayerInfo, WeightInfo } from "../../run/format.js";

/** The layers and weights of one run as another one has them. */
export interface LayerMatch {
  /** Index of the layer in the other run; null where it has none like it. */
  layer(index: number): number | null;
  weight(index: number): number | null;
}

interface Layers {
  readonly layers: readonly LayerInfo[];
  readonly weights: readonly WeightInfo[];
}

/** The same layer has the same path; a model that is called otherwise, the same name at the same call. */
export function matchLayers(shown: Layers, other: Layers): LayerMatch {
  const byPath = uniqueBy(other.layers, ({ path, call }) => `${path} ${call}`);
  const byName = uniqueBy(other.layers, ({ name, call }) => `${name} ${call}`);
  const layers = new Map(
    shown.layers.map((layer) => {
      const found = byPath.get(`${layer.path} ${layer.call}`) ?? byName.get(`${layer.name} ${layer.call}`);
      return [layer.index, found ?? null];
    }),
  );
  const weightOf = (index: number): number | null => {
    const weight = shown.weights[index];
    if (weight === undefined) return null;
    const named = other.weights.find(({ name }) => name === weight.name);
    if (named !== undefined) return named.index;
    if (weight.layer === null) return null;
    const place = shown.layers.find((layer) => layer.index === weight.layer)?.weights.indexOf(index) ?? -1;
    return layers.get(weight.layer)?.weights[place] ?? null;
  };
  return { layer: (index) => layers.get(index)?.index ?? null, weight: weightOf };
}

/** Only what one layer alone is called. */
function uniqueBy(layers: readonly LayerInfo[], key: (layer: LayerInfo) => string): Map<string, LayerInfo> {
  const found = new Map<string, LayerInfo>();
  const twice = new Set<string>();
  for (const layer of layers) {
    if (found.has(key(layer))) twice.add(key(layer));
    else found.set(key(layer), layer);
  }
  for (const name of twice) found.delete(name);
  return found;
}
