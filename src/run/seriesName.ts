import {
  listColumns,
  modelProbes,
  type StatisticName,
  scalarColumns,
  type TableName,
  tableNames,
} from "../stats/catalogue.js";
import type { RunFile } from "./format.js";

export interface NamedSeries {
  readonly table: TableName;
  readonly series: number;
  readonly statistic: StatisticName;
}

/** A name that a person or an agent gave and that is nothing of this run; the message says what there is. */
export class SeriesNameError extends Error {}

const mostNames = 20;

/**
 * What names mean in a run: a layer by path or name; for weight statistics a weight by name, or the first trainable
 * weight of a layer; no layer for statistics of the whole step or model.
 */
export function namedSeries(run: RunFile, statistic: string, layer: string | undefined): NamedSeries {
  const found = findStatistic(statistic);
  const ofModel: readonly string[] = modelProbes;
  if (found.table === "steps" || ofModel.includes(found.statistic)) return { ...found, series: 0 };
  if (layer === undefined) throw new SeriesNameError(`Missing a layer: ${statistic} is a statistic of each layer.`);
  return { ...found, series: findSeries(run, found.table, layer) };
}

function findStatistic(text: string): Pick<NamedSeries, "table" | "statistic"> {
  for (const table of tableNames) {
    const statistic = statisticsOf(table).find((candidate) => candidate === text);
    if (statistic !== undefined) return { table, statistic };
  }
  const all = [...new Set(tableNames.flatMap(statisticsOf))];
  throw new SeriesNameError(`Got the statistic ${text}, wanted one of ${all.join(", ")}.`);
}

function statisticsOf(table: TableName): readonly StatisticName[] {
  return [...scalarColumns[table], ...listColumns[table]];
}

function findSeries(run: RunFile, table: TableName, text: string): number {
  if (table === "weights") {
    const weight = run.weights.find(({ name }) => name === text);
    if (weight !== undefined) return weight.index;
  }
  const layer = run.layers.find(({ path }) => path === text) ?? run.layers.find(({ name }) => name === text);
  if (layer === undefined) throw new SeriesNameError(unknownLayer(run, text));
  if (table !== "weights") return layer.index;
  const weights = layer.weights.flatMap((index) => run.weights[index] ?? []);
  const weight = weights.find(({ trainable }) => trainable);
  if (weight === undefined) throw new SeriesNameError(`Layer ${text} has no trainable weight.`);
  return weight.index;
}

/** The sentence for a layer that is not in a run. */
export function unknownLayer(run: RunFile, text: string): string {
  const known = run.layers.map(({ name }) => name);
  const more = known.length > mostNames ? `, … (${known.length})` : "";
  return `No layer ${text} in run ${run.id}; it has ${known.slice(0, mostNames).join(", ") || "none"}${more}.`;
}
