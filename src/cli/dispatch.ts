import { checkCommand } from "./checkCommand.js";
import { CommandError, type CommandIo, exitCodes, usageError } from "./commandIo.js";
import { runDoctorCommand } from "./doctorCommand.js";
import { runEngineCommand } from "./engineCommand.js";
import { execCommand } from "./execCommand.js";
import { exportCommand } from "./exportCommand.js";
import { helpText } from "./helpText.js";
import { mcpCommand } from "./mcpCommand.js";
import { runsCommand } from "./runsCommand.js";
import { seriesCommand } from "./seriesCommand.js";
import { showCommand } from "./showCommand.js";
import { trainCommand } from "./trainCommand.js";

declare const __LAYERSCOPE_VERSION__: string;

type Command = (args: readonly string[], io: CommandIo) => number | Promise<number>;

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["train", trainCommand],
  ["exec", execCommand],
  ["runs", runsCommand],
  ["show", showCommand],
  ["series", seriesCommand],
  ["export", exportCommand],
  ["check", checkCommand],
  ["doctor", runDoctorCommand],
  ["engine", runEngineCommand],
  ["mcp", mcpCommand],
]);

/** Runs one command line; the result is the exit code. Never throws: a failure is one line on stderr. */
export async function dispatch(args: readonly string[], io: CommandIo): Promise<number> {
  try {
    const [name, ...rest] = args;
    if (name === "--help" || name === "-h" || name === "help") {
      io.stdout(helpText);
      return 0;
    }
    if (name === "--version" || name === "-v") {
      io.stdout(`${__LAYERSCOPE_VERSION__}\n`);
      return 0;
    }
    const command = name === undefined ? undefined : commands.get(name);
    if (command === undefined) {
      const got = name === undefined ? "no command" : name;
      throw usageError(`Got ${got}, wanted one of ${[...commands.keys()].join(", ")} (see layerscope --help).`);
    }
    if (beforeDashes(rest).some((arg) => arg === "--help" || arg === "-h")) {
      io.stdout(helpText);
      return 0;
    }
    return await command(rest, io);
  } catch (error) {
    if (error instanceof CommandError) {
      io.stderr(`layerscope: ${oneLine(error.message)}\n`);
      return error.exitCode;
    }
    const detail = error instanceof Error ? error : new Error(String(error));
    io.stderr(`layerscope: our own failure: ${oneLine(detail.message)}\n`);
    if (io.env.LAYERSCOPE_DEBUG !== undefined) io.stderr(`${detail.stack}\n`);
    return exitCodes.internal;
  }
}

function beforeDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}
