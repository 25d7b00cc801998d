import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StatisticName, TableName } from "../../stats/catalogue.js";
import { writeFileAtomic } from "../atomicFile.js";
import type { ReaderState } from "../runReader.js";
import type { SeriesStore } from "./seriesStore.js";
import { SeriesTier } from "./seriesTier.js";

/** Beside the run's own files; a cache that may be deleted at any time. */
export const tierFileName = "tiers.bin";
const tierFormatVersion = 1;

interface TierHeader {
  readonly format: number;
  readonly reader: ReaderState;
  /** What the caller keeps beside the tiers. */
  readonly extra: unknown;
  readonly series: readonly {
    readonly table: TableName;
    readonly name: StatisticName;
    readonly series: number;
    /** Numbers of `SeriesTier.save`; those that JSON has no word for are text. */
    readonly numbers: readonly (number | string)[];
    readonly nonfinite: readonly number[];
    readonly offset: number;
    readonly bytes: number;
  }[];
}

/**
 * Header length (uint32 at 0), body length (float64 at 8), header as JSON padded to 8 bytes, then the columns of
 * each tier. Throws where the folder cannot be written.
 */
export function writeTiers(folder: string, store: SeriesStore, reader: ReaderState, extra: unknown): void {
  const columns: Uint8Array[] = [];
  const series: TierHeader["series"][number][] = [];
  let offset = 0;
  for (const { table, name, series: index, tier } of store.all()) {
    const saved = tier.save();
    const bytes = saved.columns.reduce((sum, column) => sum + column.byteLength, 0);
    series.push({
      table,
      name,
      series: index,
      numbers: saved.numbers.map(numberText),
      nonfinite: saved.nonfinite,
      offset,
      bytes,
    });
    columns.push(...saved.columns);
    offset += bytes;
  }
  const header: TierHeader = { format: tierFormatVersion, reader, extra, series };
  const text = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(16 + Math.ceil(text.length / 8) * 8, " ");
  head.writeUInt32LE(head.length - 16, 0);
  head.writeDoubleLE(offset, 8);
  text.copy(head, 16);
  writeFileAtomic(join(folder, tierFileName), Buffer.concat([head, ...columns]));
}

/** Fills an empty store. Null where there is no file, or one that is damaged or of another version. */
export function readTiers(
  folder: string,
  store: SeriesStore,
): { readonly reader: ReaderState; readonly extra: unknown } | null {
  try {
    const file = readFileSync(join(folder, tierFileName));
    // A copy of its own begins at address 0, which the columns' alignment needs.
    const bytes = file.byteOffset % 8 === 0 ? file : Buffer.from(Uint8Array.from(file).buffer);
    const start = 16 + bytes.readUInt32LE(0);
    const header = JSON.parse(bytes.subarray(16, start).toString("utf8")) as TierHeader;
    if (header.format !== tierFormatVersion || bytes.length !== start + bytes.readDoubleLE(8)) return null;
    store.reserve(header.series.length);
    for (const { table, name, series, numbers, nonfinite, offset, bytes: length } of header.series) {
      const columns = bytes.subarray(start + offset, start + offset + length);
      store.put(table, series, name, SeriesTier.restore(store.bucketCapacity, numbers.map(Number), nonfinite, columns));
    }
    return { reader: header.reader, extra: header.extra };
  } catch {
    return null;
  }
}

function numberText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
