import { actDead, actSaturated, actScale } from "./activationRules.js";
import { bnCollapsedChannel, bnGammaZero, bnNonfinite } from "./batchNormChannels.js";
import { bnAxis, bnRank, bnRedundantBias, bnScaleCenter } from "./batchNormSetup.js";
import { bnMomentumSwapped, bnSingleValue, bnSmallBatch } from "./batchSize.js";
import { bnEmaLag, bnNotConverged } from "./convergence.js";
import { bnTrainEvalGap, dataUnshuffled } from "./dataRules.js";
import { bnAfterDropout } from "./dropout.js";
import { gradExploding, gradVanishing, updateRatio } from "./gradientRules.js";
import { nonfinite } from "./nonfiniteRule.js";
import type { Rule } from "./rule.js";
import { bnFast } from "./speed.js";
import { bnFrozenMoves, bnNeverTrains, frozenTrains, trainableFrozen } from "./trainability.js";

/** All rules of definitions §5, in its order. */
export const rules: readonly Rule[] = [
  bnNotConverged,
  bnTrainEvalGap,
  bnEmaLag,
  bnSmallBatch,
  bnSingleValue,
  bnMomentumSwapped,
  bnFrozenMoves,
  bnScaleCenter,
  bnNonfinite,
  bnAfterDropout,
  bnRedundantBias,
  bnCollapsedChannel,
  bnGammaZero,
  bnRank,
  bnAxis,
  bnNeverTrains,
  frozenTrains,
  trainableFrozen,
  actSaturated,
  actDead,
  actScale,
  gradVanishing,
  gradExploding,
  updateRatio,
  dataUnshuffled,
  nonfinite,
  bnFast,
];
