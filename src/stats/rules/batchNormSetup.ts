import { hasLinearWeights, isBatchNorm, isNonlinear } from "./layerGraph.js";
import type { Rule } from "./rule.js";
import { batchNormLayers, type RuleContext } from "./ruleContext.js";
import type { RuleLayer } from "./ruleTypes.js";

export const bnScaleCenter: Rule = {
  id: "bn-scale-center",
  title: "scale or center switched off, which TensorFlow.js cannot train",
  level: "error",
  timing: "always",
  action:
    "Keep gamma and beta, and do not train them: leave scale and center on and set trainable to false on these weights.",
  reference: "tfjs#2868",
  *check(context) {
    for (const layer of batchNormLayers(context)) {
      const off = (["scale", "center"] as const).filter((name) => layer.config[name] === false);
      if (off.length === 0 || hasTrained(context, layer)) continue;
      const message = `${off.join(" and ")} is false, wanted true: training then throws in TensorFlow.js.`;
      yield { level: "error", layer: layer.index, message };
    }
  },
};

export const bnRank: Rule = {
  id: "bn-rank",
  title: "Input of too many dimensions",
  level: "error",
  timing: "always",
  action: "Reshape to at most 4 dimensions before the layer, and back after it.",
  reference: "tfjs-layers, batchNormalization: ranks 2 to 4",
  *check(context) {
    for (const layer of batchNormLayers(context)) {
      const rank = rankOf(context, layer);
      if (rank === null || rank < 5 || hasTrained(context, layer)) continue;
      const message = `input has ${rank} dimensions, wanted at most 4: TensorFlow.js throws.`;
      yield { level: "error", layer: layer.index, message };
    }
  },
};

export const bnAxis: Rule = {
  id: "bn-axis",
  title: "Normalised axis is not the last",
  level: "error",
  timing: "always",
  action: "Permute so that the channel axis is the last, normalise with axis −1, and permute back.",
  reference: "tfjs: the gradient throws; on the JS and WebAssembly backends the forward pass mixes the channels",
  *check(context) {
    for (const layer of batchNormLayers(context)) {
      const { axis = -1 } = layer.config;
      const rank = rankOf(context, layer);
      const isLast = axis === -1 || (rank === null ? axis >= 0 : axis === rank - 1);
      if (isLast) continue;
      const last = rank === null ? "−1" : `−1 or ${rank - 1}`;
      const consequence = "its gradient throws, and outside tfjs-node its output is wrong";
      yield { level: "error", layer: layer.index, message: `axis is ${axis}, wanted ${last}: ${consequence}.` };
    }
  },
};

export const bnRedundantBias: Rule = {
  id: "bn-redundant-bias",
  title: "A bias straight before BatchNorm does nothing",
  level: "info",
  timing: "always",
  action: "Set useBias to false on this layer: β does the same.",
  reference: "Ioffe & Szegedy 2015, §3.2",
  *check({ run, graph }) {
    for (const layer of run.layers) {
      if (!hasLinearWeights(layer) || layer.config.useBias !== true || isNonlinear(layer)) continue;
      const next = graph.consumersOf(layer);
      const [normalization] = next;
      if (normalization === undefined || !next.every(isBatchNorm)) continue;
      yield {
        level: "info",
        layer: layer.index,
        message: `has a bias, wanted none: ${normalization.name} subtracts the mean right after it.`,
      };
    }
  },
};

/** What did not throw in training is not reported as something that will. */
function hasTrained({ batchNorms }: RuleContext, layer: RuleLayer): boolean {
  return (batchNorms.get(layer.index)?.trainedSteps ?? 0) > 0;
}

function rankOf({ graph }: RuleContext, layer: RuleLayer): number | null {
  return (layer.inputShape ?? graph.sourcesOf(layer)[0]?.outputShape)?.length ?? null;
}
