import { jsonText } from "../run/jsonText.js";
import { type ListedRun, listRuns } from "../run/runList.js";
import { runTree } from "../run/runTree.js";
import { type CommandIo, usageError } from "./commandIo.js";
import { parseCommandLine } from "./commandLine.js";
import { runsFolder } from "./recordingOptions.js";
import { textTable } from "./textTable.js";

export const runsUsage = "layerscope runs [--runs DIR] [--json]";

/** The runs, newest first; as text, those that a run's process started are indented below it. */
export function runsCommand(args: readonly string[], io: CommandIo): number {
  const line = parseCommandLine(args, { runs: { type: "string" }, json: { type: "boolean" } }, runsUsage);
  const [stray] = line.positionals;
  if (stray !== undefined) throw usageError(`Got ${stray}, wanted no argument. Usage: ${runsUsage}`);
  const folder = runsFolder(line, io);
  const listed = listRuns(folder);
  if (line.flags.has("json")) io.stdout(jsonText(listed.map(describe)));
  else if (listed.length === 0) io.stdout(`No run in ${folder} yet: make one with \`layerscope train SCRIPT\`.\n`);
  else {
    const rows = runTree(listed).map(({ entry, depth }) => {
      const { id, startedAt, status, steps, engine, script } = describe(entry);
      return [`${"  ".repeat(depth)}${id}`, startedAt.slice(0, 19), status, steps, engine, script];
    });
    io.stdout(textTable(["run", "started", "status", "steps", "engine", "script"], rows));
  }
  return 0;
}

function describe({ folder, run, status }: ListedRun) {
  return {
    id: run.id,
    folder,
    script: run.script.path,
    status,
    startedAt: run.startedAt,
    steps: run.steps,
    engine: run.engine?.name ?? null,
    parent: run.parent,
  };
}
