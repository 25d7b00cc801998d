import { delimiter, dirname, join } from "node:path";
import { optionsVariable } from "../protocol/options.js";
import { listRuns } from "../run/runList.js";
import { exitCodeOf, runChild } from "./childProcess.js";
import { type CommandIo, missingError, usageError } from "./commandIo.js";
import { parseCommandLine } from "./commandLine.js";
import { optionsBefore, quotedOption } from "./environmentOptions.js";
import { findNode } from "./nodeRuntime.js";
import { budgetText, recordingFlags, recordingOptions } from "./recordingOptions.js";

export const execUsage =
  "layerscope exec [--engine auto|native|embedded] [--runs DIR] [--budget PERCENT|scalars|every] [--node PATH] -- COMMAND ARGS…";

/** Runs any command; every node process below it that trains is recorded. The result is the command's exit code. */
export async function execCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const line = parseCommandLine(args, recordingFlags, execUsage);
  const [stray] = line.positionals;
  if (stray !== undefined) throw usageError(`Got ${stray} before --, wanted the command after it. Usage: ${execUsage}`);
  const [command, ...commandArguments] = line.rest ?? [];
  if (command === undefined) throw usageError(`Missing COMMAND. Usage: ${execUsage}`);

  const node = line.values.has("node") ? findNode(line.values.get("node"), io) : null;
  const options = recordingOptions(line, io);
  const what = `every node process of \`${[command, ...commandArguments].join(" ")}\` that trains`;
  io.stderr(
    `layerscope: recording ${what}, engine ${options.engine}, ${budgetText(options.budget)}, in ${options.runs}\n`,
  );
  const preload = join(__dirname, "backend.cjs");
  const startedAt = new Date().toISOString();
  const end = await runCommand(command, commandArguments, io, {
    ...io.env,
    ...(node === null ? {} : { PATH: [dirname(node.path), io.env.PATH].join(delimiter) }),
    NODE_OPTIONS: optionsBefore(`--require ${quotedOption(preload)}`, io.env.NODE_OPTIONS),
    // Bun does not read Node's options.
    BUN_OPTIONS: optionsBefore(quotedOption(`--preload=${preload}`), io.env.BUN_OPTIONS),
    [optionsVariable]: JSON.stringify(options),
  });
  const made = listRuns(options.runs).filter(({ run }) => run.launch === options.launch && run.startedAt >= startedAt);
  io.stderr(`layerscope: ${endText(made.reverse())}\n`);
  return exitCodeOf(end);
}

async function runCommand(command: string, args: readonly string[], io: CommandIo, env: NodeJS.ProcessEnv) {
  try {
    // On Windows npm, npx and the like are .cmd files, which only a shell starts.
    return await runChild(command, args, { cwd: io.cwd, env, shell: process.platform === "win32" });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw missingError(`No command ${command} on PATH or at that path.`, cause);
    if (code === "EACCES") throw missingError(`${command} is not executable.`, cause);
    throw cause;
  }
}

function endText(runs: ReturnType<typeof listRuns>): string {
  if (runs.length === 0) return "no process trained with TensorFlow.js, so there is no run to show.";
  const folders = runs.map(({ folder, run, status }) => `${folder} (${status}, ${run.steps} steps)`);
  return `${runs.length} ${runs.length === 1 ? "run" : "runs"}: ${folders.join(", ")}`;
}
