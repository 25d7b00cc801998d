import type { ActivationHistory } from "./activationHistory.js";
import { isNonlinear, isRectifier, isRecurrent } from "./layerGraph.js";
import type { Rule } from "./rule.js";
import { percent, type RuleContext, short } from "./ruleContext.js";
import type { Problem, RuleLayer } from "./ruleTypes.js";

/** Captured steps below which nothing is said. */
const enoughSteps = 10;

export const actSaturated: Rule = {
  id: "act-saturated",
  title: "Most of a tanh's or sigmoid's outputs are saturated",
  level: "warning",
  timing: "warm",
  action: "Lower the learning rate, initialise smaller, or put BatchNorm before the activation.",
  reference: "SageMaker Debugger, TanhSaturation",
  *check(context) {
    const { saturatedShare } = context.settings;
    for (const [layer, { saturatedFraction, lastStep }] of hidden(context)) {
      const share = saturatedFraction.atLeast("mean");
      if (!["tanh", "sigmoid"].includes(layer.config.activation ?? "") || !(share > saturatedShare)) continue;
      const message = `${percent(share)} of the ${layer.config.activation}'s outputs are saturated, wanted at most ${percent(saturatedShare)}.`;
      yield { level: "warning", layer: layer.index, step: lastStep, message };
    }
  },
};

export const actDead: Rule = {
  id: "act-dead",
  title: "Most of a ReLU's units are dead",
  level: "warning",
  timing: "warm",
  action: "Lower the learning rate, check the initialisation, or use a leaky ReLU.",
  reference: "SageMaker Debugger, DeadRelu",
  *check(context) {
    const { deadShare } = context.settings;
    for (const [layer, { deadFraction, lastStep }] of hidden(context)) {
      // A unit that is dead is so in every step; one that happens to be silent in a small batch is not.
      const share = deadFraction.smallest;
      if (!isRectifier(layer) || !(share > deadShare)) continue;
      const message = `${percent(share)} of the units are zero for more than 99 % of the values, wanted at most ${percent(deadShare)}.`;
      yield { level: "warning", layer: layer.index, step: lastStep, message };
    }
  },
};

export const actScale: Rule = {
  id: "act-scale",
  title: "Activations shrink or grow from layer to layer",
  level: "warning",
  timing: "warm",
  action: "Initialise for the activation (heNormal for ReLU, glorotNormal for tanh), or add BatchNorm.",
  reference: "DL4J; definitions §5, second corpus",
  *check(context) {
    const models = new Map<string, [RuleLayer, ActivationHistory][]>();
    for (const [layer, history] of hidden(context)) {
      if (!isNonlinear(layer) || isRecurrent(layer) || context.graph.isFollowedByBatchNorm(layer)) continue;
      if (layer.config.activation === "softmax") continue;
      models.set(layer.model, [...(models.get(layer.model) ?? []), [layer, history]]);
    }
    for (const layers of models.values()) yield* scaleProblems(context, layers);
  },
};

function* scaleProblems(
  { settings }: RuleContext,
  layers: readonly [RuleLayer, ActivationHistory][],
): Generator<Problem> {
  const [lowest, highest] = settings.activationDeviation;
  let isReported = false;
  for (const [layer, { variance, lastStep }] of layers) {
    const [low, high] = [Math.sqrt(variance.atMost("mean")), Math.sqrt(variance.atLeast("mean"))];
    if (!(low < lowest || high > highest)) continue;
    isReported = true;
    const got = low < lowest ? low : high;
    const message = `standard deviation of the output is ${short(got)}, wanted ${lowest} to ${highest}.`;
    yield { level: "warning", layer: layer.index, step: lastStep, message };
  }
  const sorted = layers.toSorted(([, a], [, b]) => a.variance.mean - b.variance.mean);
  const [smallest, largest] = [sorted[0], sorted.at(-1)];
  if (isReported || smallest === undefined || largest === undefined) return;
  const ratio = largest[1].variance.atLeast("mean") / smallest[1].variance.atMost("mean");
  if (!(ratio > settings.activationVarianceRatio)) return;
  const got = `variance of the output is ${short(ratio)} times smaller than that of ${largest[0].name}`;
  const message = `${got}, wanted at most ${settings.activationVarianceRatio} times between the layers of a model.`;
  yield { level: "warning", layer: smallest[0].index, step: smallest[1].lastStep, message };
}

/** Layers with captured outputs that are not a model's own output. */
function hidden({ run, activations }: RuleContext): [RuleLayer, ActivationHistory][] {
  return run.layers.flatMap((layer): [RuleLayer, ActivationHistory][] => {
    const history = activations.get(layer.index);
    return history === undefined || history.rows < enoughSteps || layer.isOutput ? [] : [[layer, history]];
  });
}
