import { RecentValues } from "./recentValues.js";
import type { RuleRow } from "./ruleRow.js";

/** Probes that a verdict is founded on. */
const enoughProbes = 3;
const window = 5;

/** What the last probes of the train/inference gap found. */
export class GapHistory {
  lastStep = 0;
  private probes = 0;
  private readonly byBatch = new RecentValues(window);
  private readonly byRunning = new RecentValues(window);
  private readonly ratio = new RecentValues(window);

  add(step: number, { lossByBatch, lossByRunning, lossGapRatio }: RuleRow<"probes">): void {
    this.lastStep = step;
    this.probes++;
    this.byBatch.push(lossByBatch);
    this.byRunning.push(lossByRunning);
    this.ratio.push(lossGapRatio);
  }

  get isKnown(): boolean {
    return this.probes >= enoughProbes;
  }

  /** Medians of the last probes. */
  get medians(): { readonly byBatch: number; readonly byRunning: number; readonly ratio: number } {
    return { byBatch: this.byBatch.median, byRunning: this.byRunning.median, ratio: this.ratio.median };
  }
}
