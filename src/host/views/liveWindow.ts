import { type StepRange, widthFor } from "../../run/runHistory.js";

export interface WindowPlan {
  readonly range: StepRange;
  /** Steps that one point stands for. */
  readonly bucket: number;
  /** The points continue those sent before, from `range.from` on. */
  readonly append: boolean;
}

/**
 * Plans what a view is sent of a run that grows: everything once, then only the last bucket and what follows it.
 * Buckets are aligned powers of two, so that points sent earlier stay right; when there are too many of them the
 * bucket doubles and everything is sent again, which happens log2 times in a run.
 */
export class LiveWindow {
  private sent: { readonly from: number; readonly to: number; readonly bucket: number } | null = null;

  constructor(private readonly points: number) {}

  /**
   * `rowsFrom`: the first step of the rows that are new, which may be steps sent before. Null: nothing new.
   * @param widest the steps that have to fit into the points, where other runs are drawn with this one
   */
  next(extent: StepRange, rowsFrom: number, widest = extent): WindowPlan | null {
    if (extent.to < extent.from) return null;
    const bucket = widthFor(widest, this.points);
    const { sent } = this;
    this.sent = { ...extent, bucket };
    if (sent === null || sent.bucket !== bucket || sent.from !== extent.from || extent.to < sent.to) {
      return { range: extent, bucket, append: false };
    }
    const from = Math.max(extent.from, Math.min(rowsFrom, sent.to));
    if (extent.to === sent.to && rowsFrom > sent.to) return null;
    return { range: { from: alignDown(from, bucket), to: extent.to }, bucket, append: true };
  }

  /** The next plan starts from the beginning. */
  reset(): void {
    this.sent = null;
  }
}

function alignDown(step: number, bucket: number): number {
  return Math.floor(step / bucket) * bucket;
}
