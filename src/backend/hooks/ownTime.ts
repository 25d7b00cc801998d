import { Recent } from "../recorder/recent.js";
import { type Level, level } from "./level.js";

/**
 * Of the steps that capture nothing, all of the first ones and then one in so many is timed, for all of them: reading
 * the clock before and after each piece of work is a good part of what it takes.
 */
const firstTimedSteps = 40;
const timedEverySteps = 8;
/** Timed steps whose median stands for those that are not timed: the first ones are slow, and some are disturbed. */
const timedSteps = 9;

/** What our hooks take of the step that is under way. */
export class OwnTime {
  private ms = 0;
  private isTimed = true;
  /** Own times of steps that capture nothing, and their median. */
  private readonly basic = new Recent(timedSteps);
  private basicMs = 0;

  /** A step that captures something is always timed. */
  stepBegins(captured: Level): void {
    this.isTimed ||= captured > level.basic;
  }

  /** For `spent`; the clock is not read in steps that are not timed. */
  clock(): number {
    return this.isTimed ? performance.now() : 0;
  }

  /** Time of ours that a hook spent, counted against the step it belongs to. */
  spent(sinceMs: number): void {
    if (this.isTimed) this.ms += performance.now() - sinceMs;
  }

  /** Milliseconds of the step that ends; whether the next one is timed is settled. */
  stepEnds(step: number, captured: Level): number {
    const timedMs = this.isTimed ? this.ms : null;
    this.ms = 0;
    this.isTimed = step < firstTimedSteps || step % timedEverySteps === 0;
    if (timedMs === null) return this.basicMs;
    if (captured === level.basic) {
      this.basic.add(timedMs);
      this.basicMs = this.basic.median;
    }
    return timedMs;
  }
}
