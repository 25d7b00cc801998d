import { type ParseArgsConfig, parseArgs } from "node:util";
import { usageError } from "./commandIo.js";

type OptionTable = NonNullable<ParseArgsConfig["options"]>;

export interface CommandLine {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly positionals: readonly string[];
  /** What follows `--`; null where there is no `--`. */
  readonly rest: readonly string[] | null;
}

/** Splits a command's arguments; anything unexpected is one line that says what is wanted. */
export function parseCommandLine(args: readonly string[], options: OptionTable, usage: string): CommandLine {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  try {
    const parsed = parseArgs({ args: [...own], options, allowPositionals: true, strict: true });
    const flags = new Set<string>();
    const values = new Map<string, string>();
    for (const [name, value] of Object.entries(parsed.values)) {
      if (value === true) flags.add(name);
      else if (typeof value === "string") values.set(name, value);
    }
    return { flags, values, positionals: parsed.positionals, rest: end < 0 ? null : args.slice(end + 1) };
  } catch (cause) {
    throw usageError(`${firstSentence(cause)} Usage: ${usage}`, cause);
  }
}

/** Node's own message, without its advice about `--`, which does not hold here. */
function firstSentence(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const sentence = message.split(/\. |\n/)[0] ?? message;
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}

/** The only positional argument. */
export function onlyPositional(line: CommandLine, name: string, usage: string): string {
  const [first, second] = line.positionals;
  if (first === undefined) throw usageError(`Missing ${name}. Usage: ${usage}`);
  if (second !== undefined)
    throw usageError(`Got ${second} after ${name} ${first}, wanted one ${name}. Usage: ${usage}`);
  return first;
}

export function requiredValue(line: CommandLine, name: string, usage: string): string {
  const value = line.values.get(name);
  if (value === undefined) throw usageError(`Missing --${name}. Usage: ${usage}`);
  return value;
}
