import { closeSync, fstatSync, openSync } from "node:fs";
import { join } from "node:path";
import type { StatisticName, TableName } from "../../stats/catalogue.js";
import { writeFileAtomic } from "../atomicFile.js";
import { readBytes } from "../readBytes.js";
import type { ReaderState } from "../runReader.js";
import type { SeriesStore } from "./seriesStore.js";
import { SeriesTier } from "./seriesTier.js";

/** Beside the run's own files; a cache that may be deleted at any time. */
export const tierFileName = "tiers.bin";
const tierFormatVersion = 1;
/** Of the lengths, before the header. */
const headBytes = 16;

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
  const head = Buffer.alloc(headBytes + Math.ceil(text.length / 8) * 8, " ");
  head.writeUInt32LE(head.length - headBytes, 0);
  head.writeDoubleLE(offset, 8);
  text.copy(head, headBytes);
  writeFileAtomic(join(folder, tierFileName), head, ...columns);
}

/** Fills an empty store. Null where there is no file, or one that is damaged or of another version. */
export function readTiers(
  folder: string,
  store: SeriesStore,
): { readonly reader: ReaderState; readonly extra: unknown } | null {
  let file: number | null = null;
  try {
    file = openSync(join(folder, tierFileName), "r");
    const sizes = new DataView(readBytes(file, 0, headBytes).buffer);
    const start = headBytes + sizes.getUint32(0, true);
    if (fstatSync(file).size !== start + sizes.getFloat64(8, true)) return null;
    const header = JSON.parse(Buffer.from(readBytes(file, headBytes, start - headBytes)).toString()) as TierHeader;
    if (header.format !== tierFormatVersion) return null;
    store.reserve(header.series.length);
    for (const { table, name, series, numbers, nonfinite, offset, bytes } of header.series) {
      const columns = readBytes(file, start + offset, bytes);
      store.put(table, series, name, SeriesTier.restore(store.bucketCapacity, numbers.map(Number), nonfinite, columns));
    }
    return { reader: header.reader, extra: header.extra };
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}

function numberText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
