import { join, relative } from "node:path";
import { type BackendOptions, optionsVariable } from "../protocol/options.js";
import { newRunFile } from "../run/runFile.js";
import { newRunId } from "../run/runFolder.js";
import { listRuns } from "../run/runList.js";
import { RunWriter } from "../run/runWriter.js";
import { exitCodeOf, runChild } from "./childProcess.js";
import type { CommandIo } from "./commandIo.js";
import { onlyPositional, parseCommandLine } from "./commandLine.js";
import { endLine } from "./endLine.js";
import { finishRun } from "./finishRun.js";
import { findNode, findScript, languageArguments } from "./nodeRuntime.js";
import { plugAndPlayOptions } from "./plugAndPlay.js";
import { budgetText, fastText, isStartedByReload, recordingFlags, recordingOptions } from "./recordingOptions.js";

export const trainUsage =
  "layerscope train SCRIPT [--engine auto|native|embedded] [--runs DIR] [--budget PERCENT|scalars|every] [--node PATH] [--fast] [--probe LIST] [-- ARGS…]";

/** Runs a script with statistics; the result is the script's own exit code. */
export async function trainCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const line = parseCommandLine(args, recordingFlags, trainUsage);
  const script = findScript(onlyPositional(line, "SCRIPT", trainUsage), io);
  const node = findNode(line.values.get("node"), io);
  const language = languageArguments(script, node);
  const scriptArguments = line.rest ?? [];

  const shared = recordingOptions(line, io);
  if (isStartedByReload(shared, io)) {
    io.stderr("layerscope: this training ended while the window was reloaded; it is not started again\n");
    return 0;
  }
  const id = newRunId();
  const folder = join(shared.runs, id);
  const options: BackendOptions = { ...shared, claim: { id, folder, script } };
  const run = newRunFile({
    id,
    launch: options.launch,
    parent: null,
    script: { path: script, arguments: scriptArguments, workingFolder: io.cwd },
    startedAt: new Date().toISOString(),
    processId: process.pid,
    budget: options.budget,
  });
  const problem = attempt(() => new RunWriter({ folder, run, diskLimitBytes: options.diskLimitBytes }).flush());
  if (problem === null) {
    const what = `${relative(io.cwd, script)}, engine ${options.engine}, ${budgetText(options.budget)}${fastText(options)}`;
    io.stderr(`layerscope: recording ${what} in ${folder}\n`);
  } else {
    io.stderr(`layerscope: running the script without statistics, since ${folder} cannot be written: ${problem}\n`);
  }
  // The engine is promised whatever becomes of the recording.
  const passed: BackendOptions = problem === null ? options : { ...shared, engineOnly: true };
  const preload = ["--require", join(__dirname, "backend.cjs")];
  const end = await runChild(node.path, [...language, ...preload, script, ...scriptArguments], {
    cwd: io.cwd,
    env: {
      ...io.env,
      NODE_OPTIONS: plugAndPlayOptions(script, io.env.NODE_OPTIONS),
      [optionsVariable]: JSON.stringify(passed),
    },
  });
  if (problem === null) {
    const lost = attempt(() => {
      const children = listRuns(shared.runs).flatMap(({ run: other }) =>
        other.launch === options.launch && other.id !== id ? [other] : [],
      );
      io.stderr(`layerscope: ${endLine(finishRun(folder, end, children))} ${folder}\n`);
    });
    if (lost !== null) io.stderr(`layerscope: the run cannot be completed: ${lost}\n`);
  }
  return exitCodeOf(end);
}

/** Null if it worked, else why not: the script runs, and its exit code counts, whatever becomes of the recording. */
function attempt(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
