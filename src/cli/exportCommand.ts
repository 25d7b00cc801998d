import { resolve } from "node:path";
import { type ExportFormat, exportFormats, exportRun } from "../run/export/exportRun.js";
import { type CommandIo, missingError, usageError } from "./commandIo.js";
import { parseCommandLine, requiredValue } from "./commandLine.js";
import { openRun, tellDamage, withRunErrors } from "./openRun.js";

export const exportUsage = "layerscope export RUN --format csv|json|arrow|parquet|tensorboard -o PATH [--runs DIR]";

/** The whole run in a file, or for TensorBoard in a folder, of another format. */
export function exportCommand(args: readonly string[], io: CommandIo): number {
  const line = parseCommandLine(
    args,
    { format: { type: "string" }, output: { type: "string", short: "o" }, runs: { type: "string" } },
    exportUsage,
  );
  const format = requiredValue(line, "format", exportUsage);
  if (!isFormat(format)) throw usageError(`Got --format ${format}, wanted ${exportFormats.join(", ")}.`);
  const path = resolve(io.cwd, requiredValue(line, "output", exportUsage));
  const { folder } = openRun(line, io, exportUsage);
  try {
    tellDamage(
      withRunErrors(() => exportRun(folder, format, path)),
      io,
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") throw missingError(`No folder to write ${path} into.`, error);
    if (code === "EISDIR") throw usageError(`${path} is a folder, wanted a file.`, error);
    throw error;
  }
  io.stderr(`layerscope: wrote ${path}\n`);
  return 0;
}

function isFormat(text: string): text is ExportFormat {
  return (exportFormats as readonly string[]).includes(text);
}
