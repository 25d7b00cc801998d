import type { RunState } from "../../src/protocol/views.js";
import type { StringKey } from "./strings.js";
import { t } from "./translate.js";

const names = {
  none: "stateNone",
  waiting: "stateWaiting",
  running: "stateRunning",
  stalled: "stateStalled",
  completed: "stateCompleted",
  failed: "stateFailed",
  stopped: "stateStopped",
  interrupted: "stateInterrupted",
} as const satisfies Record<RunState, StringKey>;

export function stateName(state: RunState): string {
  return t(names[state]);
}

/** The run may still change by itself. */
export function isLiveState(state: RunState): boolean {
  return state === "running" || state === "stalled" || state === "waiting";
}
