import { type Level, level } from "../hooks/level.js";
import { Recent } from "./recent.js";

type Captured = Exclude<Level, typeof level.basic>;

/** Steps without a capture whose times are remembered. */
const plainSteps = 15;
const fewestPlainSteps = 5;
/** Captures of a level that are remembered, and from how many on they tell something. */
const captures = 31;
const fewestCaptures = 9;

/**
 * How much longer captured steps take by the clock than the steps around them. Our own time is not all that statistics
 * cost: they empty caches, and the memory they used is collected later, so that the step after it counts as well.
 */
export class ClockedCost {
  private readonly plain = new Recent(plainSteps);
  private readonly excess = { [level.scalars]: new Recent(captures), [level.every]: new Recent(captures) };
  private before: { readonly captured: Captured; readonly excessMs: number } | null = null;

  stepEnded(captured: Level, stepMs: number): void {
    const { before } = this;
    this.before = null;
    if (captured === level.basic && before === null) {
      this.plain.add(stepMs);
      return;
    }
    if (this.plain.count < fewestPlainSteps) return;
    const excessMs = stepMs - this.plain.median;
    if (captured !== level.basic) {
      // Nothing is known of what the one before left behind: this step pays for itself first.
      if (before !== null) this.excess[before.captured].add(before.excessMs);
      this.before = { captured, excessMs };
    } else if (before !== null) this.excess[before.captured].add(before.excessMs + excessMs);
  }

  /** Median of the latest ones; null while there are few. */
  of(captured: Captured): number | null {
    const excess = this.excess[captured];
    return excess.count < fewestCaptures ? null : excess.median;
  }
}
