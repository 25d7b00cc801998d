import { jsonText } from "../run/jsonText.js";
import { describeRun } from "../run/runDescription.js";
import type { CommandIo } from "./commandIo.js";
import { parseCommandLine } from "./commandLine.js";
import { openRun, tellDamage, withRunErrors } from "./openRun.js";
import { findingsText } from "./runDescriptionText.js";

export const checkUsage = "layerscope check RUN [--runs DIR] [--json]";

/** Findings, for CI: 0 none above info, 1 warnings, 2 errors. */
export function checkCommand(args: readonly string[], io: CommandIo): number {
  const line = parseCommandLine(args, { runs: { type: "string" }, json: { type: "boolean" } }, checkUsage);
  const reader = openRun(line, io, checkUsage);
  const { findings } = withRunErrors(() => describeRun(reader));
  tellDamage(reader.damage, io);
  io.stdout(line.flags.has("json") ? jsonText(findings) : findingsText(findings));
  if (findings.some(({ level }) => level === "error")) return 2;
  return findings.some(({ level }) => level === "warning") ? 1 : 0;
}
