import type { Rule } from "./rule.js";
import { kernels, type RuleContext, short } from "./ruleContext.js";
import type { Problem, RuleLayer, RuleWeight } from "./ruleTypes.js";
import { enoughUpdates, type WeightHistory } from "./weightHistory.js";

/** Captured updates below which nothing is said. */
const fewestUpdates = 5;

type Kernel = [RuleWeight, RuleLayer, WeightHistory];

export const gradVanishing: Rule = {
  id: "grad-vanishing",
  title: "Gradients vanish on their way to this layer",
  level: "warning",
  timing: "warm",
  action: "Add BatchNorm or residual connections, use a ReLU-like activation, or initialise larger.",
  reference: "SageMaker Debugger, VanishingGradient",
  *check(context) {
    const { gradientMeanAbs } = context.settings;
    for (const model of byModel(context)) {
      const largest = Math.max(...model.map(([, , { gradientMeanAbs }]) => gradientMeanAbs.median));
      // Where the gradients of all layers are small, the loss is simply near its minimum.
      if (largest < 100 * gradientMeanAbs && hasLearned(context)) continue;
      for (const [weight, layer, history] of model) {
        const got = history.gradientMeanAbs.atMost("median");
        if (!(got < gradientMeanAbs)) continue;
        const message = `mean absolute gradient of ${weight.name} is ${short(got)}, wanted at least ${gradientMeanAbs}.`;
        yield { level: "warning", layer: layer.index, step: history.lastStep, message };
      }
    }
  },
};

export const gradExploding: Rule = {
  id: "grad-exploding",
  title: "Gradients explode, or are NaN or Inf",
  level: "error",
  timing: "always",
  action: "Lower the learning rate, clip the gradients, or add BatchNorm.",
  reference: "SageMaker Debugger, ExplodingTensor; AutoTrainer",
  *check(context) {
    const { gradientNormRatio } = context.settings;
    const first = [...context.weights.values()]
      .flatMap(({ nonfinite }) => (nonfinite?.where === "gradient" ? nonfinite.step : []))
      .reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    for (const [index, { nonfinite }] of context.weights) {
      if (nonfinite?.where !== "gradient" || nonfinite.step > first) continue;
      const weight = context.run.weights[index];
      const message = `gradient of ${weight?.name ?? `weight ${index}`} holds ${nonfinite.count} NaN or Inf values, wanted none.`;
      yield { level: "error", layer: weight?.layer ?? null, step: nonfinite.step, message };
    }
    if (!context.isWarm) return;
    for (const model of byModel(context)) {
      const [head, tail] = [model[0], model.at(-1)];
      if (head === undefined || tail === undefined || head === tail) continue;
      const ratio = head[2].gradientNorm.atLeast("median") / tail[2].gradientNorm.atMost("median");
      if (!(ratio > gradientNormRatio)) continue;
      const got = `gradient norm of ${head[0].name} is ${short(ratio)} times that of ${tail[0].name}`;
      const message = `${got}, wanted at most ${gradientNormRatio} times.`;
      yield { level: "error", layer: head[1].index, step: head[2].lastStep, message };
    }
  },
};

export const updateRatio: Rule = {
  id: "update-ratio",
  title: "Updates too large or too small for the weights",
  level: "error",
  timing: "warm",
  action: "Change the learning rate by the factor that is missing.",
  reference: "DL4J; Karpathy, CS231n",
  *check(context) {
    const { updateRatio, updateRatioLowest, updateRatioEver, updateRatioOnce } = context.settings;
    const [warning, error] = updateRatio;
    for (const [weight, layer, history] of byModel(context).flat()) {
      const ratio = history.updateRatio.atLeast("median");
      if (ratio > warning) {
        const message = `a step changes ${weight.name} by ${short(ratio)} of its norm, wanted at most ${short(warning)}.`;
        const action = "Lower the learning rate.";
        const level = ratio > error ? "error" : isFirstLearning(context, history) ? "info" : "warning";
        yield { level, layer: layer.index, step: history.lastStep, message, action };
      } else if (history.largestUpdateRatio > updateRatioEver && !hasLearned(context)) {
        const got = `20 steps changed ${weight.name} by ${short(history.largestUpdateRatio)} of its norm each`;
        yield initialisationLost(layer, got, `${updateRatioEver} even at the start`);
      } else if (history.largestUpdate.ratio > updateRatioOnce && !hasLearned(context)) {
        const got = `a step changed ${weight.name} by ${short(history.largestUpdate.ratio)} times its norm`;
        yield { ...initialisationLost(layer, got, `${updateRatioOnce} times`), step: history.largestUpdate.step };
      }
      // Updates that become small are the end of learning; only those that never were large are too small. A kernel
      // before BatchNorm is scale-invariant: its norm may grow, and the ratio fall with it.
      const isAlwaysSmall =
        history.updateRatio.length >= enoughUpdates && history.largestUpdateRatio < updateRatioLowest;
      if (isAlwaysSmall && ratio > 0 && !context.graph.isFollowedByBatchNorm(layer) && !hasLearned(context)) {
        const message = `a step changes ${weight.name} by ${short(ratio)} of its norm, wanted at least ${updateRatioLowest}.`;
        yield {
          level: "warning",
          layer: layer.index,
          step: history.lastStep,
          message,
          action: "Raise the learning rate.",
        };
      }
    }
  },
};

function initialisationLost({ index }: RuleLayer, got: string, wanted: string): Problem {
  const message = `${got}, wanted at most ${wanted}: what it was initialised to is lost.`;
  return { level: "warning", layer: index, message, action: "Lower the learning rate, or warm it up." };
}

/** Kernels of each model in the order of its layers, those with enough captured updates. */
function byModel(context: RuleContext): Kernel[][] {
  const models = new Map<string, Kernel[]>();
  for (const kernel of kernels(context)) {
    if (kernel[2].rows < fewestUpdates) continue;
    const known = models.get(kernel[1].model);
    if (known === undefined) models.set(kernel[1].model, [kernel]);
    else known.push(kernel);
  }
  return [...models.values()];
}

/** Only the first steps are known of the updates, which are large in any run, and the run does learn. */
function isFirstLearning(context: RuleContext, { lastStep }: WeightHistory): boolean {
  return lastStep < context.settings.warmSteps && hasLearned(context);
}

/** The loss has at least halved. */
function hasLearned({ losses }: RuleContext): boolean {
  return losses !== null && losses.last < 0.5 * losses.first;
}
