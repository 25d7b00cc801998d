import type { RuleLayer } from "./ruleTypes.js";

const pooling = /^(Global)?(Average|Max)Pooling\dD$/;
const reshaping = new Set([
  "Flatten",
  "Reshape",
  "Permute",
  "ZeroPadding2D",
  "Cropping2D",
  "UpSampling2D",
  "RepeatVector",
]);
const dropout = new Set(["Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianDropout"]);
const linearWithWeights = /^(Dense|Conv\dD(Transpose)?|DepthwiseConv2D|SeparableConv\dD)$/;
const nonlinear = new Set(["ReLU", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "Softmax"]);
const recurrent = /(LSTM|GRU|RNN|Bidirectional|TimeDistributed)/;

/** How the layers of a run feed each other, and what kind each one is. */
export class LayerGraph {
  private readonly consumers: number[][];

  constructor(private readonly layers: readonly RuleLayer[]) {
    this.consumers = layers.map(() => []);
    for (const { index, inbound } of layers) for (const source of inbound) this.consumers[source]?.push(index);
  }

  consumersOf(layer: RuleLayer): RuleLayer[] {
    return this.select(this.consumers[layer.index] ?? []);
  }

  sourcesOf(layer: RuleLayer): RuleLayer[] {
    return this.select(layer.inbound);
  }

  /** Whether the layer's output reaches a BatchNorm before anything with weights or another non-linearity. */
  isFollowedByBatchNorm(layer: RuleLayer): boolean {
    return this.search(layer, (next) => this.consumersOf(next), isBatchNorm, passesThrough) !== null;
  }

  /** Nearest dropout layer whose noise reaches the input of `layer` through linear layers only, weights among them or not. */
  dropoutBefore(layer: RuleLayer): { readonly dropout: RuleLayer; readonly isDirect: boolean } | null {
    const sources = (next: RuleLayer) => this.sourcesOf(next);
    const direct = this.search(layer, sources, isActiveDropout, passesThrough);
    if (direct !== null) return { dropout: direct, isDirect: true };
    const dropout = this.search(layer, sources, isActiveDropout, isLinear);
    return dropout === null ? null : { dropout, isDirect: false };
  }

  /** Breadth first from the neighbours of `layer`; every layer is visited once. */
  private search(
    layer: RuleLayer,
    neighbours: (layer: RuleLayer) => RuleLayer[],
    isWanted: (layer: RuleLayer) => boolean,
    isWay: (layer: RuleLayer) => boolean,
  ): RuleLayer | null {
    const queue = neighbours(layer);
    const seen = new Set(queue);
    for (const next of queue) {
      if (isWanted(next)) return next;
      if (!isWay(next)) continue;
      for (const further of neighbours(next)) {
        if (seen.has(further)) continue;
        seen.add(further);
        queue.push(further);
      }
    }
    return null;
  }

  private select(indexes: readonly number[]): RuleLayer[] {
    return indexes.flatMap((index) => this.layers[index] ?? []);
  }
}

export function isBatchNorm(layer: RuleLayer): boolean {
  return layer.className === "BatchNormalization";
}

export function isConvolution(layer: RuleLayer): boolean {
  return layer.className.includes("Conv");
}

export function isRecurrent(layer: RuleLayer): boolean {
  return recurrent.test(layer.className);
}

export function hasLinearWeights(layer: RuleLayer): boolean {
  return linearWithWeights.test(layer.className);
}

export function isNonlinear(layer: RuleLayer): boolean {
  return nonlinear.has(layer.className) || !["linear", undefined].includes(layer.config.activation);
}

/** Zero for all negative inputs: its units can die. */
export function isRectifier(layer: RuleLayer): boolean {
  return layer.className === "ReLU" || ["relu", "relu6"].includes(layer.config.activation ?? "");
}

/** Its output is a probability for each of several classes. */
export function isClassifier(layer: RuleLayer): boolean {
  const isSoftmax = layer.className === "Softmax" || layer.config.activation === "softmax";
  return isSoftmax && layer.isOutput && (layer.outputShape?.at(-1) ?? 0) >= 3;
}

function isActiveDropout(layer: RuleLayer): boolean {
  return dropout.has(layer.className) && (layer.config.rate ?? 0) > 0;
}

function passesThrough(layer: RuleLayer): boolean {
  return pooling.test(layer.className) || reshaping.has(layer.className) || dropout.has(layer.className);
}

function isLinear(layer: RuleLayer): boolean {
  if (layer.className.includes("Max") || isNonlinear(layer) || isRecurrent(layer)) return false;
  return hasLinearWeights(layer) || passesThrough(layer) || ["Add", "Average", "Concatenate"].includes(layer.className);
}
