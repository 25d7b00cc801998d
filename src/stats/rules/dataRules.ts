import type { BatchMeans } from "./batchMeans.js";
import { isClassifier } from "./layerGraph.js";
import type { Rule } from "./rule.js";
import { percent, type RuleContext, short, trainedBatchNorms } from "./ruleContext.js";
import type { Problem, RuleLayer } from "./ruleTypes.js";

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
    const { batchMeanVariance, batchAnswerVariance } = context.settings;
    // One episode after the other is no order that a person could shuffle.
    if (context.actsOnPredictions) return;
    const told = new Set<string>();
    for (const [layer, batches, what] of dataBatches(context)) {
      const isInput = layer.inbound.length === 0;
      const limit = isInput ? batchMeanVariance : batchAnswerVariance;
      const ratio = batches.ratio(valuesPerSample(isInput ? layer.inputShape : layer.outputShape));
      if (ratio === null || !(ratio > limit)) continue;
      // One cause, which shows best where the data come in.
      if (!isInput && told.has(layer.model)) continue;
      told.add(layer.model);
      const got = `means of the ${what} vary ${short(ratio)} times as much as those of shuffled data at most would`;
      yield { level: "warning", layer: layer.index, message: `${got}, wanted at most ${limit} times.` };
    }
  },
};

/** Inputs, then the answers of classifiers that tell classes apart: those of images, whose means say little. */
function dataBatches(context: RuleContext): [RuleLayer, BatchMeans, string][] {
  const { run, activations, settings, losses } = context;
  const places = run.layers.flatMap((layer): [RuleLayer, BatchMeans, string][] => {
    const batches = activations.get(layer.index)?.dataBatches;
    if (batches === undefined) return [];
    if (layer.inbound.length === 0) return isFedByData(context, layer) ? [[layer, batches, "input batches"]] : [];
    // A network that has collapsed answers the same for all, and another class in the next batch, with a loss to match.
    const hasLearned = losses !== null && losses.last < losses.first;
    const tells = isClassifier(layer) && batches.certainty >= settings.classCertainty;
    return tells && hasLearned ? [[layer, batches, "batches' class probabilities"]] : [];
  });
  return places.toSorted(([a], [b]) => a.inbound.length - b.inbound.length);
}

/**
 * No graph tells how a script's own loop feeds its models, or layers outside any: of those that work in the same steps,
 * the first gets data, the others what it made, as a decoder or a discriminator does. One that is called again gets both.
 */
function isFedByData({ run, activations }: RuleContext, layer: RuleLayer): boolean {
  const { model, name, index } = layer;
  const lastStep = activations.get(index)?.lastStep;
  const isApart = (other: RuleLayer) => other.index !== index && (model === "" || other.model !== model);
  const together = run.layers.filter(
    (other) => other.inbound.length === 0 && isApart(other) && activations.get(other.index)?.lastStep === lastStep,
  );
  const isCalledAgain = run.layers.some((other) => other.model === model && other.name === `${name}#2`);
  return together.length === 0 || (!isCalledAgain && together.every((other) => other.index > index));
}

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
      const { betweenBatchVariance = 0 } = history.last;
      const [absolute, timesNull] = context.settings.betweenBatch;
      // The last batch may be a small rest.
      const limit = Math.max(absolute, timesNull / Math.max(1, history.largestBatch));
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
function valuesPerSample(shape: RuleLayer["inputShape"]): number {
  return (shape ?? []).slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
}
