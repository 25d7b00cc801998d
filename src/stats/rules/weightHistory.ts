import { windowSteps } from "../batchNormWindow.js";
import { RecentValues } from "./recentValues.js";
import type { RuleRow } from "./ruleRow.js";

/** Captured updates from which a median means something. */
export const enoughUpdates = 10;

/** What the rules need of one weight: its last K captured updates. */
export class WeightHistory {
  rows = 0;
  lastStep = 0;
  /** Captured steps in which the optimizer changed it. */
  changes = 0;
  /** The last K captured updates, ascending. */
  private readonly recent: { readonly step: number; readonly isChange: boolean }[] = [];
  readonly updateRatio = new RecentValues(windowSteps);
  readonly gradientNorm = new RecentValues(windowSteps);
  readonly gradientMeanAbs = new RecentValues(windowSteps);
  /** Largest median over the last 10 to K captured updates so far. */
  largestUpdateRatio = 0;
  /** Largest single update so far, and its step. */
  largestUpdate = { ratio: 0, step: 0 };
  /** First captured step with NaN or Inf in the gradient or the weight. */
  nonfinite: { readonly step: number; readonly where: "gradient" | "weight"; readonly count: number } | null = null;

  /** Of the last K captured updates, those from a step on. */
  since(step: number): { readonly rows: number; readonly changes: number } {
    const rows = this.recent.filter((one) => one.step >= step);
    return { rows: rows.length, changes: rows.filter(({ isChange }) => isChange).length };
  }

  add(step: number, row: RuleRow<"weights">): void {
    this.rows++;
    this.lastStep = step;
    const { updateRatio, gradientNonfinite = 0, weightNonfinite = 0 } = row;
    // A weight of NaN has no ratio, and was changed to it.
    const isChange = (updateRatio !== undefined && updateRatio > 0) || gradientNonfinite + weightNonfinite > 0;
    if (isChange) this.changes++;
    if (this.recent.push({ step, isChange }) > windowSteps) this.recent.shift();
    this.updateRatio.push(updateRatio);
    if (updateRatio !== undefined && updateRatio > this.largestUpdate.ratio) {
      this.largestUpdate = { ratio: updateRatio, step };
    }
    this.gradientNorm.push(row.gradientNorm);
    this.gradientMeanAbs.push(row.gradientMeanAbs);
    if (this.updateRatio.length >= enoughUpdates)
      this.largestUpdateRatio = Math.max(this.largestUpdateRatio, this.updateRatio.median);
    if (this.nonfinite !== null) return;
    if (gradientNonfinite > 0) this.nonfinite = { step, where: "gradient", count: gradientNonfinite };
    else if (weightNonfinite > 0) this.nonfinite = { step, where: "weight", count: weightNonfinite };
  }
}
