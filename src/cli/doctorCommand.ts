import { resolve } from "node:path";
import { type DoctorReport, doctor } from "../engines/doctor.js";
import { jsonText } from "../run/jsonText.js";
import { type CommandIo, usageError } from "./commandIo.js";
import { parseCommandLine } from "./commandLine.js";

export const doctorUsage = "layerscope doctor [--node PATH] [--json]";

/** Says which engines work in the current folder, why the others do not, and what to do. Exit 1 where nothing trains. */
export async function runDoctorCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const line = parseCommandLine(args, { node: { type: "string" }, json: { type: "boolean" } }, doctorUsage);
  const [stray] = line.positionals;
  if (stray !== undefined) throw usageError(`Got ${stray}, wanted no argument. Usage: ${doctorUsage}`);
  const given = line.values.get("node");
  const node = given === undefined ? {} : { node: /[\\/]/.test(given) ? resolve(io.cwd, given) : given };
  const report = await doctor({ cwd: io.cwd, env: io.env, signal: io.signal, ...node });
  io.stdout(line.flags.has("json") ? jsonText(report) : doctorText(report));
  return report.ok ? 0 : 1;
}

export function doctorText(report: DoctorReport): string {
  const lines = [
    verdict(report.node.usable, "Node", report.node.reason, report.node.action),
    ...report.engines.map((engine) => {
      const used = engine.name === report.chosen ? " (used by a script that loads tfjs-node)" : "";
      return verdict(engine.usable, `${capital(engine.title)}${used}`, engine.reason, engine.action);
    }),
    "TensorFlow.js packages of this folder:",
    ...(report.tfjs.length === 0 ? ["  none; the embedded engine brings its own"] : []),
    ...report.tfjs.map((copy) => `  ${copy.package} ${copy.version}  ${copy.path}`),
    ...report.notes.map((note) => `! ${note}`),
  ];
  return `${lines.join("\n")}\n`;
}

function verdict(usable: boolean, title: string, reason: string, action: string | null): string {
  const next = action === null ? "" : `\n    → ${action}`;
  return `${usable ? "✔" : "✘"} ${title}\n    ${reason}${next}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
