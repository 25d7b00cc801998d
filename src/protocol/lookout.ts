/** Extension host ↔ its lookout: a thread that reads runs for their findings, and for the status bar while nobody looks. */

import type { RunFile, RunStatus } from "../run/format.js";
import type { RuleSettings } from "../stats/rules/ruleSettings.js";
import type { ViewFinding } from "./views.js";

export type ToLookout =
  | {
      readonly type: "follow";
      /** Names the run in all that follows. */
      readonly id: number;
      readonly folder: string;
      /** Thresholds that differ from the defaults. */
      readonly rules: Partial<RuleSettings>;
    }
  /** Now, instead of at the next turn. */
  | { readonly type: "look"; readonly id: number }
  | { readonly type: "leave"; readonly id: number };

export interface FromLookout {
  readonly id: number;
  readonly news: LookoutNews;
}

/** What one look at a run gave. */
export type LookoutNews =
  | { readonly type: "unreadable"; readonly message: string }
  | {
      readonly type: "seen";
      readonly facts: RunFacts;
      readonly status: RunStatus;
      /** Others than at the look before: run.json has them. */
      readonly hasNewLayers: boolean;
      readonly clock: ClockState;
      /** Null: those of the look before. */
      readonly findings: readonly ViewFinding[] | null;
      /** The run has ended and was judged as a whole: no more news. */
      readonly isEnd: boolean;
    };

/** run.json without what is long and rarely changes. */
export type RunFacts = Omit<RunFile, "layers" | "weights">;

/** Of the newest steps. */
export interface ClockState {
  /** Milliseconds since the run's start, oldest first. */
  readonly timesMs: readonly number[];
  readonly steps: number;
  readonly firstStep: number | null;
  readonly loss: number | null;
}
