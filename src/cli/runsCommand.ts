import { listRuns } from "../run/runList.js";
import { type CommandIo, usageError } from "./commandIo.js";
import { parseCommandLine } from "./commandLine.js";
import { jsonText } from "./jsonText.js";
import { runsFolder } from "./recordingOptions.js";
import { textTable } from "./textTable.js";

export const runsUsage = "layerscope runs [--runs DIR] [--json]";

/** The runs, newest first. */
export function runsCommand(args: readonly string[], io: CommandIo): number {
  const line = parseCommandLine(args, { runs: { type: "string" }, json: { type: "boolean" } }, runsUsage);
  const [stray] = line.positionals;
  if (stray !== undefined) throw usageError(`Got ${stray}, wanted no argument. Usage: ${runsUsage}`);
  const folder = runsFolder(line, io);
  const runs = listRuns(folder).map(({ folder, run, status }) => ({
    id: run.id,
    folder,
    script: run.script.path,
    status,
    startedAt: run.startedAt,
    steps: run.steps,
    engine: run.engine?.name ?? null,
  }));
  if (line.flags.has("json")) io.stdout(jsonText(runs));
  else if (runs.length === 0) io.stdout(`No run in ${folder} yet: make one with \`layerscope train SCRIPT\`.\n`);
  else {
    io.stdout(
      textTable(
        ["run", "started", "status", "steps", "engine", "script"],
        runs.map((run) => [run.id, run.startedAt.slice(0, 19), run.status, run.steps, run.engine, run.script]),
      ),
    );
  }
  return 0;
}
