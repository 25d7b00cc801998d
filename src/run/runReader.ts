import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Row, type TableName, tableNames } from "../stats/catalogue.js";
import type { ColumnBatch } from "./columnBatch.js";
import { EventTail } from "./eventTail.js";
import { type RunEvent, type RunFile, type RunStatus, runFileName } from "./format.js";
import { effectiveStatus, RunFolderError, readRunFile } from "./runFile.js";
import { type BatchEntry, SegmentReader, SegmentReplacedError } from "./segmentReader.js";

export interface RunRow {
  readonly table: TableName;
  readonly step: number;
  readonly series: number;
  readonly row: Row;
}

export interface RunPoll {
  readonly run: RunFile;
  readonly status: RunStatus;
  /** New record batches: within a table in the order in which they were written. */
  readonly batches: readonly ColumnBatch[];
  readonly events: readonly RunEvent[];
  /** True where the rows start again from the beginning: forget everything that came before this poll. */
  readonly reset: boolean;
  /** There is more than one poll takes; poll again. */
  readonly more: boolean;
}

const segmentName = /^([a-zA-Z]+)\.(\d+)\.arrow$/;
const defaultPollBytes = 32 * 2 ** 20;

/**
 * Follows one run folder. Every poll reads only what is new since the last, bears a torn tail, rotated and
 * thinned segments, and a run.json that is being replaced. Throws RunFolderError where there is no run (any more).
 */
export class RunReader {
  private run: RunFile | null = null;
  private runStamp = "";
  private segments = new Map<TableName, Map<number, SegmentReader>>();
  private events: EventTail;
  private begun = false;

  constructor(readonly folder: string) {
    this.events = new EventTail(folder);
  }

  /** `bodies: false` only indexes the batches, for a reader that fetches columns by `withColumns`. */
  poll(options: { readonly maxBytes?: number; readonly bodies?: boolean } = {}): RunPoll {
    try {
      return this.read(options.maxBytes ?? defaultPollBytes, options.bodies ?? true, false);
    } catch (error) {
      if (!(error instanceof SegmentReplacedError)) throw error;
      this.segments = new Map();
      this.events = new EventTail(this.folder);
      return this.read(options.maxBytes ?? defaultPollBytes, options.bodies ?? true, this.begun);
    }
  }

  /** run.json now. A damaged one gives the last good one. */
  readRun(): RunFile {
    const { mtimeMs, size, ino } = statSync(join(this.folder, runFileName), { throwIfNoEntry: false }) ?? {};
    const stamp = `${mtimeMs} ${size} ${ino}`;
    if (this.run !== null && stamp === this.runStamp) return this.run;
    try {
      this.run = readRunFile(this.folder);
      this.runStamp = stamp;
    } catch (error) {
      const known = error instanceof RunFolderError && error.kind === "damaged" ? this.run : null;
      if (known === null) throw error;
      return known;
    }
    return this.run;
  }

  /**
   * The batches of a table that hold a step of `from` … `to`, oldest first, as far as polled. Their columns are
   * read from disk while `use` runs. Segments that were thinned since are indexed again.
   */
  withColumns<T>(table: TableName, from: number, to: number, use: (batch: ColumnBatch) => T): T[] {
    const results: T[] = [];
    const overlaps = (entry: BatchEntry) => entry.lastStep >= from && entry.firstStep <= to;
    for (const [number, reader] of [...this.tableSegments(table)].sort(([a], [b]) => a - b)) {
      if (!reader.entries.some(overlaps)) continue;
      const current = this.readerOf(table, number, reader, overlaps, (batches) => {
        for (const batch of batches) results.push(use(batch));
      });
      if (current === null) this.tableSegments(table).delete(number);
    }
    return results;
  }

  private readerOf(
    table: TableName,
    number: number,
    reader: SegmentReader,
    overlaps: (entry: BatchEntry) => boolean,
    use: (batches: readonly ColumnBatch[]) => void,
  ): SegmentReader | null {
    try {
      reader.withBatches(reader.entries.filter(overlaps), use);
      return reader;
    } catch (error) {
      if (!(error instanceof SegmentReplacedError) && !isMissing(error)) throw error;
    }
    const again = new SegmentReader(reader.path, table);
    try {
      again.poll(Number.POSITIVE_INFINITY, false);
      this.tableSegments(table).set(number, again);
      again.withBatches(again.entries.filter(overlaps), use);
      return again;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  private read(maxBytes: number, bodies: boolean, reset: boolean): RunPoll {
    const run = this.readRun();
    const status = effectiveStatus(run);
    // The status comes first: rows written between the two reads are then seen by a poll that says "ended" or a later one.
    const names = this.listSegments();
    const batches: ColumnBatch[] = [];
    let left = maxBytes;
    let more = false;
    for (const table of tableNames) {
      for (const number of names.get(table) ?? []) {
        const reader = this.segmentReader(table, number);
        if (reader.ended) continue;
        if (left <= 0) {
          more = true;
          break;
        }
        const got = reader.poll(left, bodies);
        for (const batch of got.batches) batches.push(batch);
        left -= got.bytes;
        more ||= got.more;
      }
    }
    this.begun = true;
    return { run, status, batches, events: this.events.poll(), reset, more };
  }

  private segmentReader(table: TableName, number: number): SegmentReader {
    const readers = this.tableSegments(table);
    let reader = readers.get(number);
    if (reader === undefined) {
      reader = new SegmentReader(join(this.folder, `${table}.${number}.arrow`), table);
      readers.set(number, reader);
    }
    return reader;
  }

  private tableSegments(table: TableName): Map<number, SegmentReader> {
    let readers = this.segments.get(table);
    if (readers === undefined) {
      readers = new Map();
      this.segments.set(table, readers);
    }
    return readers;
  }

  private listSegments(): Map<TableName, number[]> {
    const found = new Map<TableName, number[]>(tableNames.map((table) => [table, []]));
    for (const name of readdirSync(this.folder)) {
      const match = segmentName.exec(name);
      if (match !== null) found.get(match[1] as TableName)?.push(Number(match[2]));
    }
    for (const [table, numbers] of found) {
      numbers.sort((a, b) => a - b);
      for (const [number, reader] of this.tableSegments(table)) {
        // Merged into an older segment: harmless if it was read to its end, else its rows must be found again there.
        if (!numbers.includes(number) && !reader.ended) throw new SegmentReplacedError(reader.path);
      }
    }
    return found;
  }
}

/** The rows of batches one by one; for consumers that want rows rather than columns. */
export function* rowsOf(batches: Iterable<ColumnBatch>): Generator<RunRow> {
  for (const batch of batches) {
    const { steps, series } = batch;
    for (let at = 0; at < batch.length; at++) {
      yield { table: batch.table, step: steps[at] as number, series: series[at] as number, row: batch.row(at) };
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
