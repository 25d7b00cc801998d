import { jsonText } from "../run/jsonText.js";
import { describeRun } from "../run/runDescription.js";
import type { CommandIo } from "./commandIo.js";
import { parseCommandLine } from "./commandLine.js";
import { openRun, withRunErrors } from "./openRun.js";
import { describeRunText } from "./runDescriptionText.js";

export const showUsage = "layerscope show RUN [--runs DIR] [--json]   (RUN = id, folder or latest)";

/** Layers with their last statistics, and findings. */
export function showCommand(args: readonly string[], io: CommandIo): number {
  const line = parseCommandLine(args, { runs: { type: "string" }, json: { type: "boolean" } }, showUsage);
  const description = withRunErrors(() => describeRun(openRun(line, io, showUsage)));
  io.stdout(line.flags.has("json") ? jsonText(description) : describeRunText(description));
  return 0;
}
