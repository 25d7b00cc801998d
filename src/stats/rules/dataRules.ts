import { percent, type RuleContext, short, trainedBatchNorms } from "./ruleContext.js";
import type { Problem, Rule, RuleLayer } from "./ruleTypes.js";

/** Of the first loss: below that a loss is near 0. */
const smallLossShare = 0.02;

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
  level: "error",
  timing: "due",
  action: "Mix the sources of the data within each batch and shuffle; precise statistics do not cure this.",
  reference: "definitions §5, by the probe or else free by betweenBatchVariance; DeepChecker, pytorch#4741",
  *check(context) {
    if (context.gap.isKnown) {
      yield* probedGap(context);
      return;
    }
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

/** The same batches with running statistics. Near a loss of 0 the ratio says nothing. */
function* probedGap({ settings, gap, losses }: RuleContext): Generator<Problem> {
  const { byBatch, byRunning, ratio } = gap.medians;
  const [warning, error] = settings.gapRatio;
  if (!(byBatch > smallLossShare * (losses?.first ?? 0)) || !(ratio > warning)) return;
  const got = `loss of a batch is ${short(byRunning)} with running statistics and ${short(byBatch)} with its own`;
  yield {
    level: ratio > error ? "error" : "warning",
    layer: null,
    step: gap.lastStep,
    message: `${got}: ${short(ratio)} times as much, wanted at most ${warning} times.`,
    action:
      "Lower the layers' momentum, train longer or recalculate the running statistics; if batches are unlike each other, mix them.",
  };
}

/** Values of one channel in one example: they are not independent of each other. */
function valuesPerSample({ inputShape }: RuleLayer): number {
  return (inputShape ?? []).slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
}
