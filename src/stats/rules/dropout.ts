import type { Channels } from "./activationHistory.js";
import type { Rule } from "./rule.js";
import { batchNormLayers, type RuleContext, short } from "./ruleContext.js";
import type { FindingLevel, RuleLayer } from "./ruleTypes.js";

export const bnAfterDropout: Rule = {
  id: "bn-after-dropout",
  title: "Dropout before BatchNorm shifts the variance between training and inference",
  level: "error",
  timing: "always",
  action: "Put dropout after the last BatchNorm.",
  reference: "Li, Chen, Hu & Yang 2019, Understanding the Disharmony between Dropout and Batch Normalization",
  *check(context) {
    const { graph, settings, isWarm } = context;
    for (const layer of batchNormLayers(context)) {
      const before = graph.dropoutBefore(layer);
      if (before === null) continue;
      const { dropout, isDirect } = before;
      const keep = 1 - (dropout.config.rate ?? 0);
      const input = isWarm ? inputOf(context, dropout) : null;
      const ratio = input === null ? null : varianceRatio(input, keep);
      const [warning, error] = settings.dropoutRatio;
      const cause = `${dropout.name} drops ${short(1 - keep)} of the values before it`;
      if (ratio === null || ratio >= warning) {
        const message = `${cause}, wanted no dropout before: the running variance belongs to the noisy values.`;
        yield { level: "info", layer: layer.index, message };
        continue;
      }
      // Weights between add up what is correlated, and the ratio comes closer to 1 (case b of the paper).
      const level: FindingLevel = ratio < error && isDirect ? "error" : "warning";
      const got = `variance at inference is ${isDirect ? "" : "down to "}${short(ratio)} of that in training`;
      yield { level, layer: layer.index, message: `${cause}: ${got}, wanted at least ${warning}.` };
    }
  },
};

/** What a layer was given last: per channel where that is known, else as a whole. Null where it was not captured. */
function inputOf({ activations, graph }: RuleContext, layer: RuleLayer): Channels | null {
  const own = activations.get(layer.index);
  const [source, second] = graph.sourcesOf(layer);
  const before = source === undefined || second !== undefined ? undefined : activations.get(source.index);
  return own?.inputChannels ?? before?.outputChannels ?? own?.wholeInput ?? null;
}

/**
 * Var_test/Var_train = v/((c² + v)/p − c²) of independent inputs with mean c and variance v, kept with probability p; mean
 * over channels, each weighted by its variance. Null where nothing varies.
 */
function varianceRatio(input: Channels, keep: number): number | null {
  let test = 0;
  let train = 0;
  for (let channel = 0; channel < input.mean.length; channel++) {
    const square = (input.mean[channel] as number) ** 2;
    const variance = input.variance[channel] as number;
    test += variance;
    train += (square + variance) / keep - square;
  }
  return train > 0 ? test / train : null;
}
