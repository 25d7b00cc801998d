import type { BatchNormHistory } from "./batchNormHistory.js";
import type { Rule } from "./rule.js";
import { batchNormLayers, isKernel, type RuleContext, short, trainedBatchNorms } from "./ruleContext.js";
import type { RuleLayer, RuleWeight } from "./ruleTypes.js";

/** Steps after which something that never happened is taken not to happen. */
const enoughSteps = 10;
/** The same of captured updates, which are rarer. */
const enoughUpdates = 5;

export const bnFrozenMoves: Rule = {
  id: "bn-frozen-moves",
  title: "A frozen BatchNorm whose running statistics still change",
  level: "error",
  timing: "always",
  action:
    "Set the layer's momentum to 1, or call it with training: false; trainable = false does not stop running statistics.",
  reference: "keras PR#9965",
  *check(context) {
    const { frozenChange } = context.settings;
    for (const [layer, history] of trainedBatchNorms(context)) {
      if (history.steadySteps < enoughSteps || !(history.steadyChange > frozenChange)) continue;
      if (!isFrozen(context, layer, history)) continue;
      // Frozen by a flag a moment ago: what moved before that was meant to.
      const since = context.flags.layerSince(layer.index);
      if (since === null || context.lastStep - since + 1 < enoughSteps) continue;
      const got = `its running statistics moved by up to ${short(history.steadyChange)} of their size in a step`;
      yield {
        level: "error",
        layer: layer.index,
        step: history.lastStep,
        message: `is frozen, but ${got}, wanted at most ${frozenChange}.`,
      };
    }
  },
};

/** γ and β have not moved for some steps: was that meant? Flags may mark the layer or only its weights. */
function isFrozen({ run, weights, updatesOf }: RuleContext, layer: RuleLayer, history: BatchNormHistory): boolean {
  if (layer.config.trainable === false) return true;
  const affine = layer.weights.flatMap((index) => run.weights[index] ?? []).filter(isAffine);
  if (affine.length === 0) return false;
  if (affine.every(({ trainable }) => !trainable)) return true;
  // Not flagged, and yet the optimizer leaves them alone, gradients of 0 included, while it updates other weights.
  const { steadySince } = history;
  const isLeftOut = affine.every(({ index }) => (weights.get(index)?.lastStep ?? 0) <= steadySince);
  return isLeftOut && updatesOf(layer.model).step - steadySince >= enoughSteps;
}

function isAffine({ name }: RuleWeight): boolean {
  return /gamma|beta/.test(name);
}

export const bnNeverTrains: Rule = {
  id: "bn-never-trains",
  title: "BatchNorm trained in inference mode",
  level: "warning",
  timing: "always",
  action: "Call the model with {training: true} in the training loop: model.apply(x, {training: true}).",
  reference: "definitions §5",
  *check(context) {
    for (const layer of batchNormLayers(context)) {
      const history = context.batchNorms.get(layer.index);
      if (history === undefined || history.trainedSteps > 0 || history.inferenceSteps < enoughSteps) continue;
      // Running statistics from elsewhere, used on purpose, are a frozen layer.
      if (!history.runningIsInitial) continue;
      yield {
        level: "warning",
        layer: layer.index,
        message:
          `was called without training: true in all of ${history.inferenceSteps} training steps, wanted training: true: it ` +
          "normalises with mean 0 and variance 1, and they never change.",
      };
    }
  },
};

export const frozenTrains: Rule = {
  id: "frozen-trains",
  title: "A weight marked as not trainable that the optimizer changes",
  level: "warning",
  timing: "always",
  action: "Compile the model again after setting trainable, or give the optimizer the list of variables to train.",
  reference: "definitions §5",
  *check({ run, weights, updatesOf, flags, lastStep }) {
    for (const weight of run.weights) {
      const history = weights.get(weight.index);
      const since = flags.weightSince(weight.index);
      if (weight.trainable || history === undefined || since === null) continue;
      const { rows, changes } = history.since(since);
      if (rows < enoughUpdates) continue;
      const model = weight.layer === null ? undefined : run.layers[weight.layer]?.model;
      if (model !== undefined && history.lastStep < updatesOf(model).step) continue;
      // Adversarial training updates such weights in every other step, on purpose.
      if (changes < rows) continue;
      const message = `${weight.name} is marked as not trainable since step ${since}, but each of ${rows} captured updates changed it.`;
      yield { level: "warning", layer: weight.layer, step: lastStep, message };
    }
  },
};

export const trainableFrozen: Rule = {
  id: "trainable-frozen",
  title: "A trainable weight that the optimizer never changes",
  level: "warning",
  timing: "always",
  action: "Check that the layer's output reaches the loss, and that the optimizer's variables include this weight.",
  reference: "definitions §5",
  *check({ run, weights, updatesOf, activations, flags, lastStep }) {
    for (const weight of run.weights) {
      const layer = weight.layer === null ? undefined : run.layers[weight.layer];
      if (layer === undefined || !weight.trainable || !isKernel(weight)) continue;
      const since = flags.weightSince(weight.index);
      if (since === null) continue;
      const { count, recent } = updatesOf(layer.model);
      const updates = since === 1 ? count : recent.filter((step) => step >= since).length;
      const history = weights.get(weight.index);
      const changes = (since === 1 ? history?.changes : history?.since(since).changes) ?? 0;
      const isUsed = (activations.get(layer.index)?.rows ?? 0) >= enoughUpdates;
      if (changes > 0 || updates < enoughUpdates || !isUsed) continue;
      const message = `${weight.name} is trainable, but none of ${updates} captured updates of its model changed it.`;
      yield { level: "warning", layer: layer.index, step: lastStep, message };
    }
  },
};
