import type { RunFile } from "../run/format.js";
import { readSeries } from "../run/seriesReader.js";
import {
  listColumns,
  modelProbes,
  type StatisticName,
  scalarColumns,
  type TableName,
  tableNames,
} from "../stats/catalogue.js";
import { type CommandIo, usageError } from "./commandIo.js";
import { parseCommandLine, requiredValue } from "./commandLine.js";
import { jsonText } from "./jsonText.js";
import { openRun, readWholeRun } from "./openRun.js";
import { shortNumber, textTable } from "./textTable.js";

export const seriesUsage = "layerscope series RUN --layer NAME --stat NAME [--runs DIR] [--json]";

/** One statistic over the steps. */
export function seriesCommand(args: readonly string[], io: CommandIo): number {
  const line = parseCommandLine(
    args,
    { layer: { type: "string" }, stat: { type: "string" }, runs: { type: "string" }, json: { type: "boolean" } },
    seriesUsage,
  );
  const reader = openRun(line, io, seriesUsage);
  const { run } = readWholeRun(reader, () => undefined, false);
  const { table, name } = findStatistic(requiredValue(line, "stat", seriesUsage));
  const isOfModel = table === "steps" || (modelProbes as readonly string[]).includes(name);
  const series = isOfModel ? 0 : findSeries(run, table, requiredValue(line, "layer", seriesUsage));
  const points = readSeries(reader, table, series, name);
  if (line.flags.has("json")) io.stdout(jsonText(points));
  else
    io.stdout(
      textTable(
        ["step", name],
        points.map(({ step, value }) => [step, valueText(value)]),
      ),
    );
  return 0;
}

function findStatistic(text: string): { readonly table: TableName; readonly name: StatisticName } {
  for (const table of tableNames) {
    const names: readonly StatisticName[] = [...scalarColumns[table], ...listColumns[table]];
    const name = names.find((candidate) => candidate === text);
    if (name !== undefined) return { table, name };
  }
  const all = tableNames.flatMap((table) => [...scalarColumns[table], ...listColumns[table]]);
  throw usageError(`Got --stat ${text}, wanted one of ${all.join(", ")}.`);
}

/** A layer by name or path; for weight statistics a weight by name, or the first trainable weight of a layer. */
function findSeries(run: RunFile, table: TableName, text: string): number {
  if (table === "weights") {
    const weight = run.weights.find(({ name }) => name === text);
    if (weight !== undefined) return weight.index;
  }
  const layer = run.layers.find(({ path }) => path === text) ?? run.layers.find(({ name }) => name === text);
  if (layer === undefined) {
    const known = run.layers.map(({ name }) => name);
    const shown = known.length > 20 ? `${known.slice(0, 20).join(", ")}, … (${known.length})` : known.join(", ");
    throw usageError(`No layer ${text} in run ${run.id}; it has ${known.length === 0 ? "none" : shown}.`);
  }
  if (table !== "weights") return layer.index;
  const weights = layer.weights.flatMap((index) => run.weights[index] ?? []);
  const weight = weights.find(({ trainable }) => trainable);
  if (weight === undefined) throw usageError(`Layer ${text} has no trainable weight.`);
  return weight.index;
}

function valueText(value: number | Float32Array): string {
  return typeof value === "number" ? shortNumber(value) : Array.from(value, shortNumber).join(" ");
}
