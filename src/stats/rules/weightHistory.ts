import { windowSteps } from "../batchNormWindow.js";
import type { Row } from "../catalogue.js";
import { RecentValues } from "./recentValues.js";

/** Captured updates from which a median means something. */
export const enoughUpdates = 10;

/** What the rules need of one weight: its last K captured updates. */
export class WeightHistory {
  rows = 0;
  lastStep = 0;
  /** Captured steps in which the optimizer changed it. */
  changes = 0;
  readonly updateRatio = new RecentValues(windowSteps);
  readonly gradientNorm = new RecentValues(windowSteps);
  readonly gradientMeanAbs = new RecentValues(windowSteps);
  /** Largest median over the last 10 to K captured updates so far. */
  largestUpdateRatio = 0;
  /** First captured step with NaN or Inf in the gradient or the weight. */
  nonfinite: { readonly step: number; readonly where: "gradient" | "weight"; readonly count: number } | null = null;

  add(step: number, row: Row): void {
    this.rows++;
    this.lastStep = step;
    if (row.updateRatio !== undefined && row.updateRatio > 0) this.changes++;
    this.updateRatio.push(row.updateRatio);
    this.gradientNorm.push(row.gradientNorm);
    this.gradientMeanAbs.push(row.gradientMeanAbs);
    if (this.updateRatio.length >= enoughUpdates)
      this.largestUpdateRatio = Math.max(this.largestUpdateRatio, this.updateRatio.median);
    if (this.nonfinite !== null) return;
    const { gradientNonfinite = 0, weightNonfinite = 0 } = row;
    if (gradientNonfinite > 0) this.nonfinite = { step, where: "gradient", count: gradientNonfinite };
    else if (weightNonfinite > 0) this.nonfinite = { step, where: "weight", count: weightNonfinite };
  }
}
