import { type Level, level } from "../hooks/level.js";
import { ClockedCost } from "./clockedCost.js";

/** `scalars`, `every`, or the share of the step time that statistics may cost. */
export type Budget = "scalars" | "every" | { readonly percent: number };

export function parseBudget(text: string): Budget {
  if (text === "scalars" || text === "every") return text;
  const percent = Number(text);
  if (!Number.isFinite(percent) || percent < 0 || percent > 100) {
    throw new RangeError(`Budget: got "${text}", wanted "scalars", "every" or a percentage from 0 to 100.`);
  }
  return { percent };
}

/** The first steps are slower than all others (compilation, first allocations) and would teach wrong costs. */
const warmUpSteps = 3;
/** Weight of the newest measurement in the running costs. */
const costWeight = 0.2;
/**
 * Slow first captures of everything tell little of what the next will cost: so many are made whatever they seem to cost,
 * and the account is charged for each what the fastest of them took.
 */
const trials = 3;
/**
 * What the budget earns in so much time is lent to dear captures: a short training is judged by its last 20, whose steps
 * may lie apart by this share of the steps so far. The loan is called in little by little until so much time has passed.
 */
const lentMs = 1000;
const repaidMs = 10_000;
const lentDistance = 0.06;
/** The clock may say that a capture costs so many times what our own time is: it could be the script's own rhythm. */
const mostHidden = 3;
/** Of the budget, how much goes to the cheap numbers; the rest goes to the dear ones. */
const scalarShare = 0.6;
/** A pause of the script between two steps is no step's time: what it would earn could only be spent in a burst. */
const longestStep = 4;
/** Savings are bounded, so that dear steps never come in a burst: what a capture costs, this many times. */
const savedCaptures = 2;

/** What the recorder's thread took at once is paid for by this many steps at most. */
const owedSteps = 50;

/**
 * Decides what each step captures, from what captures have cost in this very run.
 * Two accounts are filled by each step with a share of its bare time; a level is captured when its account covers it.
 */
export class Controller {
  private step = 0;
  private readonly saved = { [level.scalars]: 0, [level.every]: 0 };
  /** Milliseconds of our own for a step at each level. */
  private readonly cost: [basic: number | null, scalars: number | null, every: number | null] = [null, null, null];
  private readonly clocked = new ClockedCost();
  private bareMs = 0;
  private totalBareMs = 0;
  private totalOwnMs = 0;
  private owedMs = 0;
  private captureNext = false;
  private lastEveryStep = 0;
  private everyCaptures = 0;
  private trialMs = Number.POSITIVE_INFINITY;
  private trialsChargedMs = 0;

  constructor(private budget: Budget) {}

  setBudget(budget: Budget): void {
    this.budget = budget;
  }

  /** The next step captures everything, whatever it costs. */
  requestCapture(): void {
    this.captureNext = true;
  }

  /** Own time in percent of the rest of the steps' time; null before there is anything to tell. */
  get overheadPercent(): number | null {
    return this.totalBareMs > 0 ? (100 * this.totalOwnMs) / this.totalBareMs : null;
  }

  /** What the step that now begins captures. */
  nextLevel(): Level {
    this.step++;
    if (this.captureNext || this.step === 1 || this.budget === "every") {
      this.captureNext = false;
      return level.every;
    }
    if (this.budget === "scalars") return level.scalars;
    if (this.covers(level.every)) return level.every;
    return this.covers(level.scalars) ? level.scalars : level.basic;
  }

  /** A step has ended: `stepMs` since the one before, `timedMs` of it in our code. */
  stepEnded(captured: Level, stepMs: number, timedMs: number): void {
    if (captured === level.every) this.lastEveryStep = this.step;
    if (this.step <= warmUpSteps) return;
    this.clocked.stepEnded(captured, stepMs);
    const ownMs = timedMs + (captured === level.basic ? 0 : this.hiddenMs(captured, timedMs));
    const measuredMs = Math.max(0, stepMs - ownMs);
    this.totalBareMs += measuredMs;
    this.totalOwnMs += ownMs;
    const bareMs = Math.min(measuredMs, longestStep * (this.bareMs || measuredMs));
    this.bareMs = this.bareMs === 0 ? bareMs : this.bareMs + costWeight * (bareMs - this.bareMs);
    const known = this.cost[captured];
    // What is lower counts at once: a cost that is thought too high is not measured again.
    const isLower = known === null || ownMs < known;
    this.cost[captured] = isLower ? ownMs : known + costWeight * (ownMs - known);
    if (typeof this.budget === "string") return;
    const basicMs = this.cost[level.basic] ?? 0;
    const earnedMs = Math.max(0, (this.budget.percent / 100) * this.bareMs - basicMs);
    const paidMs = Math.min(earnedMs, this.owedMs);
    this.owedMs = Math.min(this.owedMs - paidMs, owedSteps * earnedMs);
    const income = earnedMs - paidMs;
    const left = this.deposit(level.scalars, income * scalarShare);
    this.deposit(level.every, income * (1 - scalarShare) + left);
    if (captured === level.basic) return;
    const spentMs = Math.max(0, ownMs - basicMs);
    const isTrial = captured === level.every && ++this.everyCaptures <= trials;
    this.saved[captured] -= isTrial ? this.chargeOfTrial(spentMs) : spentMs;
  }

  /** Less than nothing where the ones before have paid too much. The very first may be far too slow to go by. */
  private chargeOfTrial(spentMs: number): number {
    this.trialMs = Math.min(this.trialMs, spentMs);
    const isFirst = this.everyCaptures === 1;
    const dueMs = isFirst ? Math.min(spentMs, this.loanMs / 2) : this.everyCaptures * this.trialMs;
    const chargeMs = dueMs - this.trialsChargedMs;
    this.trialsChargedMs = dueMs;
    return chargeMs;
  }

  /** Own time between two steps: part of the overhead, and no cost of any level. */
  spentBetween(ms: number): void {
    this.totalOwnMs += ms;
  }

  /** Time of the recorder's thread, as far as it is taken from the training: it is paid for first. */
  spentBeside(ms: number): void {
    if (this.step <= warmUpSteps) return;
    this.totalOwnMs += ms;
    this.owedMs += ms;
  }

  /** What a captured step costs beside our own time. */
  private hiddenMs(captured: 1 | 2, timedMs: number): number {
    const byClockMs = this.clocked.of(captured) ?? 0;
    const ownMs = Math.max(0, timedMs - (this.cost[level.basic] ?? 0));
    return Math.max(0, Math.min(byClockMs, mostHidden * ownMs) - ownMs);
  }

  private covers(captured: 1 | 2): boolean {
    if (typeof this.budget !== "string" && this.budget.percent === 0) return false;
    const cost = this.cost[captured];
    // An unknown cost is found out by trying once the start is over.
    if (cost === null) return this.step > warmUpSteps + captured;
    const lent = captured === level.every && this.isEveryDue ? this.loanMs : 0;
    if (lent > 0 && this.everyCaptures < trials) return this.saved[captured] + lent > 0;
    return this.saved[captured] + lent >= Math.max(0, cost - (this.cost[level.basic] ?? 0));
  }

  private get isEveryDue(): boolean {
    return this.step >= this.lastEveryStep * (1 + lentDistance);
  }

  /** Not while much is owed already. */
  private get loanMs(): number {
    if (typeof this.budget === "string") return 0;
    const unpaid = Math.max(0, 1 - this.totalBareMs / repaidMs);
    const loanMs = (this.budget.percent / 100) * lentMs * unpaid;
    return this.owedMs > loanMs / 10 ? 0 : loanMs;
  }

  /** What the account has no room for is given back. */
  private deposit(captured: 1 | 2, ms: number): number {
    const most = Math.max(savedCaptures * (this.cost[captured] ?? 0), ms);
    const saved = this.saved[captured] + ms;
    this.saved[captured] = Math.min(most, saved);
    return saved - this.saved[captured];
  }
}
