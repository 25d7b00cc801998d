import type { EpochMetrics, RunHeader } from "../../protocol/views.js";
import type { RunFile, RunLabel } from "../../run/format.js";
import { progress, type RunCondition, type RunSight, runCondition } from "./runState.js";
import type { StateSentence } from "./stateSentence.js";
import type { StepClock } from "./stepClock.js";

/** The sentence for a condition, in the user's language. */
export type Describe = (condition: RunCondition, run: RunFile, steps: number) => StateSentence;

/** Header of what is no run (any more): `sentence` says why. */
export function headerWithoutRun(sentence: string, label: RunLabel): RunHeader {
  const nothing = { loss: null, stepsPerSecond: null, elapsedMs: null, remainingMs: null };
  return { state: "none", sentence, action: null, label, run: null, isReading: false, ...nothing };
}

export interface HeaderParts {
  readonly label: RunLabel;
  readonly clock: StepClock;
  readonly epochs: readonly EpochMetrics[];
  readonly isReading: boolean;
  readonly describe: Describe;
}

/** What a view's header says of a run. */
export function sessionHeader(seen: RunSight, { label, clock, epochs, isReading, describe }: HeaderParts): RunHeader {
  const sight = { ...seen, run: withStepsPerEpoch(seen.run, epochs) };
  const condition = runCondition(sight);
  const { layers: _layers, weights: _weights, ...run } = sight.run;
  return {
    state: stateOf(condition),
    ...describe(condition, seen.run, sight.steps),
    run: { ...run, status: sight.status, steps: sight.steps },
    label,
    isReading,
    loss: clock.loss,
    ...progress(sight, clock.timesMs),
  };
}

function stateOf(condition: RunCondition): RunHeader["state"] {
  if (condition === "noTensorFlow" || condition === "noStep") return "waiting";
  return condition === "neverLoaded" || condition === "neverTrained" ? "completed" : condition;
}

/** `fit` on arrays does not tell how many steps an epoch has; the epochs that have ended do. */
function withStepsPerEpoch(run: RunFile, epochs: readonly EpochMetrics[]): RunFile {
  const last = epochs.at(-1);
  const { epoch } = run;
  if (epoch === null || epoch.stepsPerEpoch !== null || last === undefined || epochs.length !== last.epoch + 1)
    return run;
  return { ...run, epoch: { ...epoch, stepsPerEpoch: Math.round(last.step / epochs.length) } };
}
