import { hostname } from "node:os";
import type { RunFile } from "../../run/format.js";
import { sendControl } from "./controlClient.js";

export interface StopSteps {
  /** The run as it is now; null when its folder is gone. */
  readonly read: () => RunFile | null;
  readonly hasEnded: () => boolean;
  /** Ends the terminal that started the process, where we did. */
  readonly endTerminal: () => boolean;
  readonly note: (message: string) => void;
}

const pollMs = 50;
const answerMs = 1000;
const politeMs = 3000;
const firmMs = 2000;

/**
 * Ends a training for good: ask it over its socket (it ends as after Ctrl+C, with everything written), else interrupt
 * its process; then terminate; then kill. True when it has ended.
 */
export async function stopRun(steps: StopSteps): Promise<boolean> {
  const run = steps.read();
  if (run === null || steps.hasEnded()) return true;
  const asked = run.control !== null && (await sendControl(run.control, { type: "stop" }, answerMs)).ok;
  const here = run.process.host === hostname();
  if (!asked && here) signal(run.process.id, "SIGINT");
  if (await ended(steps, politeMs)) return true;
  steps.note(`Process ${run.process.id} did not end within ${politeMs} ms of being asked; terminating it.`);
  const terminated = steps.endTerminal();
  if (here) signal(run.process.id, "SIGTERM");
  else if (!terminated) return false;
  if (await ended(steps, firmMs)) return true;
  steps.note(`Process ${run.process.id} did not end within ${firmMs} ms of SIGTERM; killing it.`);
  if (here) signal(run.process.id, "SIGKILL");
  return ended(steps, firmMs);
}

async function ended(steps: StopSteps, timeoutMs: number): Promise<boolean> {
  const untilMs = Date.now() + timeoutMs;
  while (!steps.hasEnded()) {
    if (Date.now() > untilMs) return false;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return true;
}

function signal(processId: number, name: NodeJS.Signals): void {
  try {
    if (processId > 0) process.kill(processId, name);
  } catch {
    // It has ended by itself, or is not ours to signal: `ended` tells.
  }
}
