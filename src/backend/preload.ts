/**
 * dist/backend.cjs, preloaded into the user's process. Small on purpose: a process that never loads TensorFlow.js pays
 * for this file only. It never throws; what it cannot do is left undone.
 */

import { realpathSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type BackendOptions, optionsVariable, scriptErrorFileName } from "../protocol/options.js";
import { onEngineCreated } from "./engine/gate.js";
import { installEngine } from "./engine/install.js";
import { flushBeforeAnswers } from "./flushBeforeAnswers.js";
import type { Session } from "./hooks/session.js";
import type { EngineLike } from "./hooks/tensorflow.js";
import { loadPart } from "./loadPart.js";
import { isMainThread } from "./mainThread.js";
import { onTensorflowModule } from "./moduleWatch.js";
import { transformedSources } from "./realmWatch.js";
import { recorderThreadName } from "./recorder/thread.js";
import { describeScriptError, withoutOwnFrames } from "./scriptError.js";

const startedMarker = Symbol.for("layerscope.started");

function start(): void {
  const scope = globalThis as { [startedMarker]?: true };
  // Twice on the command line or in NODE_OPTIONS, or in the recorder's own thread.
  if (scope[startedMarker] === true || isRecorderThread()) return;
  const options = readOptions();
  if (options === null) return;
  scope[startedMarker] = true;
  if (options.claim !== null) {
    // The claim is this process's alone: what it starts, be it the same script (cluster), is a run of its own below it.
    process.env[optionsVariable] = JSON.stringify({ ...options, claim: null, parent: options.claim.id });
  }
  const describeEngine = installEngine(options);
  if (options.engineOnly === true) return;
  let session: Session | null | undefined;
  const engineAppeared = (engine: object): void => {
    if (session === undefined) {
      const hooks = loadPart("hooks.cjs") as typeof import("./hooks/main.js") | null;
      session = hooks === null ? null : new hooks.Session(options, describeEngine, transformedSources);
    }
    session?.engineAppeared(engine as EngineLike);
  };
  onEngineCreated(engineAppeared);
  flushBeforeAnswers(() => session?.flush());
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    withoutOwnFrames(error);
    // Before TensorFlow.js is loaded there is no recorder to tell it to.
    if (!session && options.claim !== null) leaveError(options.claim.folder, error);
  });
  onTensorflowModule((exports) => {
    // In a realm of its own (jest) the engine is not at this realm's globalThis.
    const engine = engineOf(exports);
    if (engine !== null) engineAppeared(engine);
    session?.moduleLoaded(exports);
  });
}

/** Found by the launcher when the process is gone. */
function leaveError(folder: string, error: unknown): void {
  try {
    writeFileSync(join(folder, scriptErrorFileName), JSON.stringify(describeScriptError(error)));
  } catch {
    // A folder that cannot be written to is the launcher's to tell.
  }
}

/** tfjs-core exports a function that gives its engine. */
function engineOf(exports: object): object | null {
  if (!("engine" in exports) || !("variableGrads" in exports) || typeof exports.engine !== "function") return null;
  const engine: unknown = exports.engine();
  return typeof engine === "object" && engine !== null ? engine : null;
}

function isRecorderThread(): boolean {
  if (isMainThread()) return false;
  const { workerData } = require("node:worker_threads") as typeof import("node:worker_threads");
  return (workerData as { readonly thread?: unknown } | null)?.thread === recorderThreadName;
}

function readOptions(): BackendOptions | null {
  const text = process.env[optionsVariable];
  if (text === undefined || text === "") return null;
  const options = JSON.parse(text) as BackendOptions;
  const { claim } = options;
  if (claim === null || (isMainThread() && isMainScript(claim.script))) return options;
  return { ...options, claim: null, parent: options.parent ?? claim.id };
}

/** The launcher made a run folder for one script; loaders and package managers in between are not it. */
function isMainScript(script: string): boolean {
  const main = process.argv[1];
  return main !== undefined && realPath(resolve(main)) === realPath(script);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

try {
  start();
} catch (error) {
  process.stderr.write(`layerscope: not watching this process: ${error instanceof Error ? error.message : error}\n`);
}
