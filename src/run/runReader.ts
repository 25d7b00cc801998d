import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Row, type TableName, tableNames } from "../stats/catalogue.js";
import { BatchCache } from "./batchCache.js";
import type { ColumnBatch } from "./columnBatch.js";
import { EventTail } from "./eventTail.js";
import { type RunEvent, type RunFile, type RunStatus, runFileName, segmentFileName } from "./format.js";
import { effectiveStatus, RunFolderError, readRunFile } from "./runFile.js";
import { type BatchEntry, SegmentReader, SegmentReplacedError, type SegmentState } from "./segmentReader.js";

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
const cacheBytes = 24 * 2 ** 20;
/** Of a sample: the last one alone may hold a few rows only. */
const newestBatches = 3;

/** How far a run has been read. */
export interface ReaderState {
  readonly id: string;
  readonly segments: readonly (SegmentState & { readonly table: TableName; readonly number: number })[];
}

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
  private readonly cache = new BatchCache(cacheBytes);

  constructor(readonly folder: string) {
    this.events = new EventTail(folder);
  }

  /** `bodies: false` only indexes the batches, for a reader that fetches columns by `withColumns`. */
  poll(options: { readonly maxBytes?: number; readonly bodies?: boolean } = {}): RunPoll {
    try {
      return this.read(options.maxBytes ?? defaultPollBytes, options.bodies ?? true, false);
    } catch (error) {
      // A segment that has gone between two looks is one that was merged, unless the whole folder went: then the
      // second attempt says so.
      if (!(error instanceof SegmentReplacedError || isMissing(error))) throw error;
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
   * The batches of a table that hold a step of `from` … `to`, oldest first, as far as polled. Only the columns that
   * `use` asks for are read from disk. Segments that were thinned since are indexed again.
   * @param every only each so-many-th batch, of those that hold wanted steps
   */
  withColumns<T>(table: TableName, from: number, to: number, use: (batch: ColumnBatch) => T, every = 1): T[] {
    const results: T[] = [];
    let place = 0;
    const isWanted = (entry: BatchEntry) => entry.lastStep >= from && entry.firstStep <= to && place++ % every === 0;
    for (const number of this.segmentNumbers(table)) results.push(...this.useSegment(table, number, isWanted, use));
    this.cache.trim();
    return results;
  }

  /** Batches that begin at or before `step`, newest first, at most `most`; for whoever looks for the last of something. */
  *batchesBack(table: TableName, step: number, most: number): Generator<ColumnBatch> {
    let left = most;
    for (const number of this.segmentNumbers(table).reverse()) {
      const reader = this.currentSegment(table, number);
      if (reader === null) continue;
      for (const entry of reader.entries.filter(({ firstStep }) => firstStep <= step).reverse()) {
        if (left-- === 0) return;
        yield this.batch(reader, number, entry);
      }
    }
    this.cache.trim();
  }

  /**
   * The first `rows` rows of at most `most` batches of each table, spread over the run, and all rows of its newest
   * batches, oldest first. A batch is good only within `use`.
   */
  sample(most: number, rows: number, use: (batch: ColumnBatch) => void): void {
    for (const table of tableNames) {
      const readers = this.segmentNumbers(table).map((number) => this.segmentReader(table, number));
      const batches = readers.reduce((sum, { entries }) => sum + entries.length, 0);
      const every = Math.max(1, Math.ceil(batches / most));
      let place = 0;
      for (const reader of readers) {
        const places = reader.entries.map((entry) => ({ entry, place: place++ }));
        const old = places.filter((one) => one.place < batches - newestBatches && one.place % every === 0);
        const newest = places.filter((one) => one.place >= batches - newestBatches);
        const entriesOf = (chosen: typeof places) => chosen.map(({ entry }) => entry);
        if (old.length > 0) reader.useHeads(entriesOf(old), rows, use);
        if (newest.length > 0) reader.useHeads(entriesOf(newest), Number.POSITIVE_INFINITY, use);
      }
    }
  }

  /** Number of batches that `withColumns` would give. */
  countBatches(table: TableName, from: number, to: number): number {
    let count = 0;
    for (const reader of this.tableSegments(table).values()) {
      for (const entry of reader.entries) if (entry.lastStep >= from && entry.firstStep <= to) count++;
    }
    return count;
  }

  /** Bytes of the tables read so far. */
  get bytesRead(): number {
    let bytes = 0;
    for (const readers of this.segments.values()) for (const reader of readers.values()) bytes += reader.bytesRead;
    return bytes;
  }

  /** What of the tables cannot be read, one sentence each. */
  get damage(): readonly string[] {
    return [...this.segments.values()].flatMap((readers) => [...readers.values()].flatMap(({ damage }) => damage));
  }

  /** How far the run has been read, as plain JSON for `restore`. */
  state(): ReaderState {
    const segments = [...this.segments].flatMap(([table, readers]) =>
      [...readers].map(([number, reader]) => ({ table, number, ...reader.state() })),
    );
    return { id: this.readRun().id, segments };
  }

  /** Goes on from a saved state: polls give what is new since. False, and nothing done, if it is not this run's. */
  restore(state: ReaderState): boolean {
    if (state.id !== this.readRun().id) return false;
    for (const { table, number, ...segment } of state.segments) {
      const path = join(this.folder, segmentFileName(table, number));
      this.tableSegments(table).set(number, SegmentReader.restore(path, table, segment));
    }
    this.begun = true;
    return true;
  }

  private useSegment<T>(
    table: TableName,
    number: number,
    isWanted: (entry: BatchEntry) => boolean,
    use: (batch: ColumnBatch) => T,
  ): T[] {
    const results = () => {
      const reader = this.currentSegment(table, number);
      const entries = reader?.entries.filter(isWanted) ?? [];
      return entries.flatMap((entry) => {
        const result = reader?.unlessDamaged(entry, () => use(this.batch(reader, number, entry)));
        return result === undefined ? [] : [result];
      });
    };
    try {
      return results();
    } catch (error) {
      if (!(error instanceof SegmentReplacedError)) throw error;
      return results();
    }
  }

  private batch(reader: SegmentReader, number: number, entry: BatchEntry): ColumnBatch {
    const key = `${reader.table} ${number} ${reader.identity} ${entry.metadataOffset}`;
    return this.cache.get(key, () => reader.batchAt(entry));
  }

  /** The segment's reader, made anew where the file was thinned since; null where it was merged into an older one. */
  private currentSegment(table: TableName, number: number): SegmentReader | null {
    const reader = this.segmentReader(table, number);
    if (reader.isCurrent()) return reader;
    const again = new SegmentReader(reader.path, table);
    try {
      again.poll(Number.POSITIVE_INFINITY, false);
      this.tableSegments(table).set(number, again);
      return again;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.tableSegments(table).delete(number);
      return null;
    }
  }

  private segmentNumbers(table: TableName): number[] {
    return [...this.tableSegments(table).keys()].sort((a, b) => a - b);
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
      reader = new SegmentReader(join(this.folder, segmentFileName(table, number)), table);
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
        if (numbers.includes(number)) continue;
        if (!reader.ended) throw new SegmentReplacedError(reader.path);
        this.tableSegments(table).delete(number);
      }
    }
    return found;
  }
}

/** The rows of batches one by one; for consumers that want rows rather than columns. */
export function* rowsOf(batches: Iterable<ColumnBatch>): Generator<RunRow> {
  for (const batch of batches) {
    const { steps, series } = batch;
    const rowAt = batch.rows();
    for (let at = 0; at < batch.length; at++) {
      yield { table: batch.table, step: steps[at] as number, series: series[at] as number, row: rowAt(at) };
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
