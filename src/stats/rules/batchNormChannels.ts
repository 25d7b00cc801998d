import type { Rule } from "./rule.js";
import { percent, short, trainedBatchNorms } from "./ruleContext.js";

export const bnNonfinite: Rule = {
  id: "bn-nonfinite",
  title: "NaN, Inf or a negative variance in the running statistics",
  level: "error",
  timing: "always",
  action: "Reset the running statistics of these channels and keep NaN out of the input: one poisons them for ever.",
  reference: "pytorch#1206",
  *check({ run, batchNorms }) {
    for (const layer of run.layers) {
      const fault = batchNorms.get(layer.index)?.runningFault;
      if (!fault) continue;
      const { step, channel, name, value } = fault;
      const wanted = name === "running variance" ? "a number ≥ 0" : "a number";
      yield {
        level: "error",
        layer: layer.index,
        channel,
        step,
        message: `${name} became ${value}, wanted ${wanted}.`,
      };
    }
  },
};

export const bnCollapsedChannel: Rule = {
  id: "bn-collapsed-channel",
  title: "Channels that no longer vary",
  level: "error",
  timing: "warm",
  action: "Look at the layer before: dead units, a constant input, or weights that are far too small.",
  reference: "definitions §5",
  *check(context) {
    const [info, warning, error] = context.settings.collapsedShare;
    for (const [layer, history] of trainedBatchNorms(context)) {
      // Data may have constant features, as the border pixels of digits are.
      if (context.graph.sourcesOf(layer).length === 0) continue;
      const { share, first } = history.collapsed;
      if (share <= info) continue;
      const epsilon = short(layer.config.epsilon ?? 1e-3);
      const got = `batch variance of ${percent(share)} of the channels (first: ${first}) stayed below ε = ${epsilon}`;
      yield {
        level: share > error ? "error" : share > warning ? "warning" : "info",
        layer: layer.index,
        channel: first,
        step: history.lastStep,
        message: `${got} for 20 steps, wanted at most ${percent(info)}.`,
      };
    }
  },
};

export const bnGammaZero: Rule = {
  id: "bn-gamma-zero",
  title: "Channels switched off by γ near 0",
  level: "warning",
  timing: "due",
  action: "Prune these channels, or use less weight decay on gamma.",
  reference: "definitions §5",
  *check(context) {
    const { smallGamma, smallGammaShare, warmSteps } = context.settings;
    for (const [layer, { last, lastStep, trainedSteps }] of trainedBatchNorms(context)) {
      // Residual branches begin with γ = 0 on purpose.
      if (last.gamma === undefined || trainedSteps < warmSteps) continue;
      const gamma = Array.from(last.gamma);
      const share = gamma.filter((value) => Math.abs(value) < smallGamma).length / gamma.length;
      const [info, warning] = smallGammaShare;
      if (share <= info) continue;
      const got = `|γ| is below ${smallGamma} in ${percent(share)} of the channels`;
      yield {
        level: share > warning ? "warning" : "info",
        layer: layer.index,
        channel: gamma.findIndex((value) => Math.abs(value) < smallGamma),
        step: lastStep,
        message: `${got}, wanted at most ${percent(info)}.`,
      };
    }
  },
};
