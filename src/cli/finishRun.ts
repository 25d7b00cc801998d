import { readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { scriptErrorFileName } from "../protocol/options.js";
import { writeFileAtomic } from "../run/atomicFile.js";
import { type RunFile, type RunStatus, runFileName } from "../run/format.js";
import { recordedSteps } from "../run/recordedSteps.js";
import { readRunFile } from "../run/runFile.js";
import { type ChildEnd, exitCodeOf } from "./childProcess.js";

const interruptSignals: readonly string[] = ["SIGINT", "SIGTERM", "SIGHUP"];
/** What shells and Node programs exit with when they end themselves on SIGINT or SIGTERM. */
const interruptCodes: readonly number[] = [130, 143];

/**
 * Completes run.json with what only the parent process knows: how the script's process ended. `children`: runs of
 * processes that the script started.
 */
export function finishRun(folder: string, end: ChildEnd, children: readonly RunFile[] = []): RunFile {
  const run = readRunFile(folder);
  const status = endStatus(run, end);
  const now = new Date().toISOString();
  const finished: RunFile = {
    ...run,
    steps: recordedSteps(folder, run),
    status,
    exitCode: end.signal === null ? end.code : exitCodeOf(end),
    signal: end.signal,
    error: run.error ?? (status === "failed" ? takeError(folder) : null) ?? endError(run, status, end, children),
    endedAt: run.endedAt ?? now,
    heartbeatAt: now,
    control: null,
  };
  writeFileAtomic(join(folder, runFileName), JSON.stringify(finished));
  if (run.control !== null) removeSocket(run.control);
  return finished;
}

/** What the script died of before there was a recorder to tell. */
function takeError(folder: string): RunFile["error"] {
  const file = join(folder, scriptErrorFileName);
  try {
    const { message, stack }: { readonly message?: unknown; readonly stack?: unknown } = JSON.parse(
      readFileSync(file, "utf8"),
    );
    rmSync(file);
    return typeof message === "string" ? { message, stack: typeof stack === "string" ? stack : null } : null;
  } catch {
    return null;
  }
}

/** A process that died by a signal could not remove its control socket, which has a folder of its own. */
function removeSocket(path: string): void {
  const folder = dirname(path);
  if (process.platform !== "win32" && basename(folder).startsWith("layerscope-")) {
    rmSync(folder, { recursive: true, force: true });
  }
}

function endStatus(run: RunFile, end: ChildEnd): RunStatus {
  if (run.stopRequestedAt !== null) return "stopped";
  if (end.code === 0) return "completed";
  if (end.signal === "SIGKILL") return "interrupted";
  const interrupted =
    end.signal === null ? interruptCodes.includes(end.code ?? 0) : interruptSignals.includes(end.signal);
  return interrupted ? "stopped" : "failed";
}

function endError(run: RunFile, status: RunStatus, end: ChildEnd, children: readonly RunFile[]): RunFile["error"] {
  if (status === "failed") {
    const how = end.signal === null ? `exited with code ${end.code}` : `died of ${end.signal}`;
    return { message: `The script ${how}.`, stack: null };
  }
  if (status === "interrupted") return { message: "The script's process was killed.", stack: null };
  if (status === "completed" && run.steps === 0) return { message: whyNothing(run, children), stack: null };
  return null;
}

function whyNothing(run: RunFile, children: readonly RunFile[]): string {
  if (children.length > 0) {
    const runs = children.map(({ id, steps }) => `${id} (${steps} steps)`).join(", ");
    const which = children.length === 1 ? "a process that it started did: run" : "processes that it started did: runs";
    return `The script did not train by itself, ${which} ${runs}.`;
  }
  const [note] = run.notes;
  if (note !== undefined) return note;
  if (run.engine === null) {
    return "The script never loaded TensorFlow.js in its own process, so there is nothing to show: import @tensorflow/tfjs or @tensorflow/tfjs-node in it, or use `layerscope exec -- COMMAND` if it starts another process that trains.";
  }
  return "TensorFlow.js was loaded but nothing was trained: call model.fit, or an optimizer's minimize or applyGradients, to see layer statistics.";
}
