import type { Rule } from "./rule.js";
import { batchNormLayers, short, trainedBatchNorms } from "./ruleContext.js";

export const bnSmallBatch: Rule = {
  id: "bn-small-batch",
  title: "Too few values per channel for batch statistics",
  level: "error",
  timing: "always",
  action: "Use a larger batch, or layer or group normalisation.",
  reference: "Wu & He 2018 (Group Normalization); Singh & Krishnan 2019 (EvalNorm)",
  *check(context) {
    const [warning, error] = context.settings.valuesPerChannel;
    for (const [layer, { largestBatch, lastStep }] of trainedBatchNorms(context)) {
      // One value per channel is bn-single-value.
      if (largestBatch >= warning || largestBatch <= 1) continue;
      yield {
        level: largestBatch < error ? "error" : "warning",
        layer: layer.index,
        step: lastStep,
        message: `batches have ${short(largestBatch)} values per channel, wanted at least ${warning}.`,
      };
    }
  },
};

export const bnSingleValue: Rule = {
  id: "bn-single-value",
  title: "A batch with one value per channel, or hardly more",
  level: "error",
  timing: "always",
  action: "Drop the last, partial batch, or choose a batch size that divides the number of examples.",
  reference: "pytorch#7716",
  *check(context) {
    const limit = context.settings.lastBatchValues;
    for (const [layer, { smallestBatch, largestBatch }] of trainedBatchNorms(context)) {
      const { valuesPerChannel, step } = smallestBatch;
      if (valuesPerChannel >= limit) continue;
      if (valuesPerChannel <= 1) {
        const message =
          "a batch had 1 value per channel, wanted at least 4: the layer's output is then β whatever the input, and the " +
          "running variance decays.";
        yield { level: "error", layer: layer.index, step, message };
      } else if (largestBatch >= limit) {
        const message = `a batch had ${short(valuesPerChannel)} values per channel while others had ${short(largestBatch)}, wanted at least ${limit}.`;
        yield { level: "warning", layer: layer.index, step, message };
      }
    }
  },
};

export const bnMomentumSwapped: Rule = {
  id: "bn-momentum-swapped",
  title: "Momentum has the other framework's meaning",
  level: "error",
  timing: "always",
  action: "Use 1 − value: a momentum of 0.1 in PyTorch is 0.9 here.",
  reference: "tfjs-layers, BatchNormalization: running = momentum · running + (1 − momentum) · batch",
  *check(context) {
    const [small] = context.settings.valuesPerChannel;
    for (const layer of batchNormLayers(context)) {
      const momentum = layer.config.momentum ?? 0.99;
      if (momentum >= context.settings.momentum) continue;
      const values = context.batchNorms.get(layer.index)?.largestBatch ?? 0;
      const isNoisy = values > 0 && values < small;
      yield {
        level: isNoisy ? "error" : "warning",
        layer: layer.index,
        message:
          `momentum is ${momentum}, wanted at least ${context.settings.momentum}: running statistics follow the last few ` +
          `batches${isNoisy ? `, of ${short(values)} values per channel each` : ""}.`,
      };
    }
  },
};
