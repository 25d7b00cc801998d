import type { RuleContext } from "./ruleContext.js";
import type { FindingLevel, Problem } from "./ruleTypes.js";

/**
 * When a rule can be judged. `always`: a healthy run never shows it. `warm`: healthy runs show it in their first steps.
 * `due`: only when the running statistics are about to be used: at the end, or as predict, evaluate or save is called.
 */
export type Timing = "always" | "warm" | "due";

export interface Rule {
  readonly id: string;
  /** One line for lists. */
  readonly title: string;
  /** The highest level that it gives. */
  readonly level: FindingLevel;
  readonly timing: Timing;
  readonly action: string;
  /** Where the rule or its thresholds come from. */
  readonly reference: string;
  check(context: RuleContext): Iterable<Problem>;
}
