import {
  type ListName,
  listColumns,
  type ScalarName,
  scalarColumns,
  type TableName,
  tableNames,
} from "../../stats/catalogue.js";
import type { ColumnBatch } from "../columnBatch.js";
import type { RunEvent, RunFile } from "../format.js";
import { RunReader } from "../runReader.js";

/** What every exporter gets, in this order: `begin`, all batches, `end`. */
export interface Exporter {
  begin(run: RunFile): void;
  add(batch: ExportBatch): void;
  end(events: readonly RunEvent[]): void;
  /** Releases what is open after a failure. */
  abandon(): void;
}

/** A record batch with the names that its series numbers stand for. */
export interface ExportBatch {
  readonly table: TableName;
  readonly batch: ColumnBatch;
  /** Path of the row's layer; empty for the table `steps` and for variables outside layers. */
  layerOf(series: number): string;
  /** Name of the row's weight; empty but for the table `weights`. */
  weightOf(series: number): string;
}

/** The columns of a table of everything: one row of an export is one row of one table of the run folder. */
export const exportScalars: readonly ScalarName[] = tableNames.flatMap(
  (table): readonly ScalarName[] => scalarColumns[table],
);
export const exportLists: readonly ListName[] = tableNames.flatMap((table): readonly ListName[] => listColumns[table]);
export const exportKeys = ["table", "step", "layer", "weight"] as const;

const pollBytes = 8 * 2 ** 20;

/** Sends the whole run through an exporter; tells what of it cannot be read. Throws RunFolderError where there is no run. */
export function exportRows(folder: string, exporter: Exporter): readonly string[] {
  const reader = new RunReader(folder);
  const events: RunEvent[] = [];
  try {
    let poll = reader.poll({ maxBytes: pollBytes });
    exporter.begin(poll.run);
    for (;;) {
      if (poll.reset) throw new Error(`Old steps of ${folder} were thinned while it was exported: export it again.`);
      for (const batch of poll.batches) exporter.add(named(batch, poll.run));
      events.push(...poll.events);
      if (!poll.more) break;
      poll = reader.poll({ maxBytes: pollBytes });
    }
    exporter.end(events);
    return reader.damage;
  } catch (error) {
    exporter.abandon();
    throw error;
  }
}

function named(batch: ColumnBatch, run: RunFile): ExportBatch {
  const { table } = batch;
  const pathOf = (layer: number | null | undefined) =>
    layer === null || layer === undefined ? "" : (run.layers[layer]?.path ?? "");
  return {
    table,
    batch,
    layerOf: (series) => {
      if (table === "steps") return "";
      return pathOf(table === "weights" ? run.weights[series]?.layer : series);
    },
    weightOf: (series) => (table === "weights" ? (run.weights[series]?.name ?? "") : ""),
  };
}
