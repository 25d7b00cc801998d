import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ColumnBatch } from "./columnBatch.js";
import { RunReader } from "./runReader.js";
import { SeriesStore } from "./tiers/seriesStore.js";

/** Batches of each table that are looked into. */
const mostBatches = 96;
/** Rows of a batch for each series: the first steps may hold the cheap numbers only. */
const stepsOfBatch = 2;
const fewestRows = 32;

/** A picture of a long run after a fraction of a second, while all of its rows are still being read. */
export interface RunPreview {
  /** Has indexed the whole run as it was. */
  readonly reader: RunReader;
  readonly store: SeriesStore;
}

/**
 * The first steps of batches that are spread over the run, and its newest batch. What that costs depends on the number
 * of series, hardly on the length. `use` sees each part, which is good only within the call. Throws as a reader does.
 */
export function readPreview(
  folder: string,
  budgetBytes: number | undefined,
  use: (batch: ColumnBatch) => void,
): RunPreview {
  const reader = new RunReader(folder);
  const { run } = reader.poll({ bodies: false, maxBytes: Number.POSITIVE_INFINITY });
  const store = new SeriesStore(budgetBytes);
  const rows = Math.max(fewestRows, stepsOfBatch * Math.max(run.layers.length, run.weights.length));
  reader.sample(mostBatches, rows, (batch) => {
    store.add(batch);
    use(batch);
  });
  return { reader, store };
}

/** Bytes of a folder's tables. */
export function tableBytes(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".arrow")) bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
