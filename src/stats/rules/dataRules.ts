import { percent, short, trainedBatchNorms } from "./ruleContext.js";
import type { Rule, RuleLayer } from "./ruleTypes.js";

export const dataUnshuffled: Rule = {
  id: "data-unshuffled",
  title: "Batches differ as if the data were sorted",
  level: "warning",
  timing: "always",
  action: "Shuffle the examples before they are batched; with tf.data, shuffle with a buffer as large as the data.",
  reference: "definitions §5, second corpus",
  *check(context) {
    const { batchMeanVariance } = context.settings;
    for (const layer of context.run.layers) {
      const history = context.activations.get(layer.index);
      if (history === undefined || layer.inbound.length > 0) continue;
      const ratio = history.batchMeanVariance(valuesPerSample(layer));
      if (ratio === null || !(ratio > batchMeanVariance)) continue;
      const got = `means of the input batches vary ${short(ratio)} times as much as those of shuffled data at most would`;
      yield { level: "warning", layer: layer.index, message: `${got}, wanted at most ${batchMeanVariance} times.` };
    }
  },
};

export const bnTrainEvalGap: Rule = {
  id: "bn-train-eval-gap",
  title: "Batches are unlike each other: inference will not see what training saw",
  level: "warning",
  timing: "due",
  action: "Mix the sources of the data within each batch and shuffle; precise statistics do not cure this.",
  reference: "definitions §5, free form by betweenBatchVariance; pytorch#4741",
  *check(context) {
    for (const [layer, history] of trainedBatchNorms(context)) {
      const { betweenBatchVariance = 0, valuesPerChannel = 1 } = history.last;
      const [absolute, timesNull] = context.settings.betweenBatch;
      const limit = Math.max(absolute, timesNull / valuesPerChannel);
      if (history.trainedSteps < context.settings.fewPasses || !(betweenBatchVariance > limit)) continue;
      const got = `batch means vary by ${percent(betweenBatchVariance)} of the variance within batches`;
      yield {
        level: "warning",
        layer: layer.index,
        step: history.lastStep,
        message: `${got}, wanted at most ${percent(limit)}: the running variance lacks this part.`,
      };
    }
  },
};

/** Values of one channel in one example: they are not independent of each other. */
function valuesPerSample({ inputShape }: RuleLayer): number {
  return (inputShape ?? []).slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
}
