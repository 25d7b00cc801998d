import type { LayerConfig } from "../../run/format.js";
import { isBatchNormalization, type LayerLike } from "./tensorflow.js";

interface ConfiguredLayer extends LayerLike {
  readonly activation?: unknown;
  readonly useBias?: unknown;
  readonly rate?: unknown;
  readonly scale?: unknown;
  readonly center?: unknown;
}

/** What rules need to know of a layer. Read from its fields: `getConfig()` of a custom layer may throw or cost. */
export function layerConfig(layer: LayerLike): LayerConfig {
  const configured = layer as ConfiguredLayer;
  const activation = activationName(configured.activation);
  const batchNormalization = isBatchNormalization(layer)
    ? {
        axis: layer.axis,
        momentum: layer.momentum,
        epsilon: layer.epsilon,
        scale: configured.scale !== false,
        center: configured.center !== false,
      }
    : {};
  return {
    ...(activation === null ? {} : { activation }),
    ...(typeof configured.useBias === "boolean" ? { useBias: configured.useBias } : {}),
    ...(typeof configured.rate === "number" ? { rate: configured.rate } : {}),
    trainable: layer.trainable !== false,
    ...batchNormalization,
  };
}

/** tfjs' activations are objects with a class name of their own (`relu`, `linear`, …). */
function activationName(activation: unknown): string | null {
  if (typeof activation !== "object" || activation === null || !("getClassName" in activation)) return null;
  const { getClassName } = activation;
  if (typeof getClassName !== "function") return null;
  const name: unknown = getClassName.call(activation);
  return typeof name === "string" ? name : null;
}
