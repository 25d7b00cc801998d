import type { BatchNormHistory } from "./batchNormHistory.js";
import { isConvolution } from "./layerGraph.js";
import type { Rule } from "./rule.js";
import { percent, type RuleContext, short, trainedBatchNorms } from "./ruleContext.js";
import type { FindingLevel, Problem, RuleLayer } from "./ruleTypes.js";

/** Weight of the initial values below which a layer that is still behind lags, instead of not having had the time. */
const settledWarmup = 0.05;
const enoughSteps = 10;

export const bnNotConverged: Rule = {
  id: "bn-not-converged",
  title: "Running statistics have not caught up with the batches",
  level: "error",
  timing: "due",
  action: "Lower the layer's momentum, train longer, or recalculate the running statistics over the training data.",
  reference: "definitions §5, calibrated; keras#7265, tensorflow#36446",
  *check(context) {
    for (const [layer, history] of trainedBatchNorms(context)) {
      const { momentum, warmup } = momentumOf(layer, history);
      if (isFixed(momentum, history) || warmup < settledWarmup) continue;
      const isMoving = momentum < 1;
      const problem = distance(context, layer, history) ?? (isMoving ? initialWeight(context, layer, history) : null);
      if (problem === null) continue;
      const isShort = history.passes < context.settings.fewPasses;
      yield isShort ? { ...problem, level: "info" } : problem;
    }
  },
};

export const bnEmaLag: Rule = {
  id: "bn-ema-lag",
  title: "Running statistics lag behind although they had time to settle",
  level: "error",
  timing: "warm",
  action:
    "Recalculate the running statistics over 1000 to 10 000 samples before inference; a lower learning rate helps too.",
  reference: "Wu & Johnson 2021, §3",
  *check(context) {
    for (const [layer, history] of trainedBatchNorms(context)) {
      const { momentum, warmup } = momentumOf(layer, history);
      if (isFixed(momentum, history) || warmup >= settledWarmup) continue;
      const problem = distance(context, layer, history);
      if (problem !== null) yield problem;
    }
  },
};

/** Running statistics that are kept on purpose are not judged. Those that were made with the layer are not meant to be kept. */
function isFixed(momentum: number, { fixedSteps, runningIsInitial }: BatchNormHistory): boolean {
  return !runningIsInitial && (momentum >= 1 || fixedSteps >= enoughSteps);
}

function momentumOf(layer: RuleLayer, history: BatchNormHistory): { momentum: number; warmup: number } {
  const momentum = layer.config.momentum ?? 0.99;
  return { momentum, warmup: history.last.warmup ?? momentum ** history.passes };
}

/** The batches of the last K steps are far from the running statistics, farther than chance explains. */
function distance({ settings }: RuleContext, layer: RuleLayer, history: BatchNormHistory): Problem | null {
  const { meanShift = 0, logVarianceRatio = 0, samplingNull = 0, valuesPerChannel = 1 } = history.last;
  const nulls = settings.samplingNulls[isBehindConvolution(layer) ? 1 : 0];
  const shiftLimit = Math.max(settings.meanShift[0], nulls * samplingNull);
  // ln of an estimated variance scatters like an estimated mean, by √2 more, for m′ − 1 instead of m′.
  const ratioNoise = samplingNull * Math.sqrt((2 * valuesPerChannel) / Math.max(1, valuesPerChannel - 1));
  const ratioLimit = Math.max(Math.log(settings.varianceFactor[0]), nulls * ratioNoise);
  const ratioError = Math.max(ratioLimit, Math.log(settings.varianceFactor[1]));
  const isShifted = meanShift > shiftLimit;
  const isScaled = logVarianceRatio > ratioLimit;
  if (!isShifted && !isScaled) return null;
  const isError = meanShift > Math.max(settings.meanShift[1], shiftLimit) || logVarianceRatio > ratioError;
  const level: FindingLevel = isError ? "error" : "warning";
  const step = history.lastStep;
  if (isShifted) {
    const got = `running mean is ${short(meanShift)} standard deviations from the mean of the last batches`;
    return { level, layer: layer.index, step, message: `${got}, wanted at most ${short(shiftLimit)}.` };
  }
  const got = `batch variance and running variance differ by a factor of ${short(Math.exp(logVarianceRatio))}`;
  return { level, layer: layer.index, step, message: `${got}, wanted at most ${short(Math.exp(ratioLimit))}.` };
}

/** Too few training passes for the initial values 0 and 1 to be forgotten. */
function initialWeight({ settings }: RuleContext, layer: RuleLayer, history: BatchNormHistory): Problem | null {
  const { momentum, warmup } = momentumOf(layer, history);
  const [info, warning] = settings.warmup;
  if (warmup <= info) return null;
  const wanted = Math.ceil(Math.log(warning) / Math.log(momentum));
  const got = `initial running statistics still weigh ${percent(warmup)} after ${history.passes} training passes`;
  return {
    level: warmup > warning ? "warning" : "info",
    layer: layer.index,
    step: history.lastStep,
    message: `${got}, wanted at most ${percent(warning)}, which momentum ${momentum} needs ${wanted} passes for.`,
  };
}

function isBehindConvolution(layer: RuleLayer): boolean {
  return isConvolution(layer) || (layer.inputShape?.length ?? 2) > 2;
}
