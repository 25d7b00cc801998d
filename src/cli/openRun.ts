import { RunFolderError } from "../run/runFile.js";
import { findRun } from "../run/runList.js";
import { RunReader } from "../run/runReader.js";
import { type CommandIo, missingError } from "./commandIo.js";
import { type CommandLine, onlyPositional } from "./commandLine.js";
import { runsFolder } from "./recordingOptions.js";

/** The run that the command line names. */
export function openRun(line: CommandLine, io: CommandIo, usage: string): RunReader {
  const reference = onlyPositional(line, "RUN", usage);
  return withRunErrors(() => {
    const reader = new RunReader(findRun(reference, runsFolder(line, io), io.cwd));
    reader.readRun();
    return reader;
  });
}

/** Numbers that are not complete are not given without a word. */
export function tellDamage(damage: readonly string[], io: CommandIo): void {
  for (const sentence of damage) io.stderr(`layerscope: ${sentence}\n`);
}

/** A run that is not there, or cannot be read, is the user's to know: exit 66. */
export function withRunErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RunFolderError) throw missingError(error.message, error);
    throw error;
  }
}
