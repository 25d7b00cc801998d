import { renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TableName, tableNames } from "../stats/catalogue.js";
import { type ColumnBatch, isPresent } from "./columnBatch.js";
import { segmentFileName } from "./format.js";
import { SegmentReader } from "./segmentReader.js";
import { SegmentWriter } from "./segmentWriter.js";
import { TableBuffer } from "./tableBuffer.js";

/** A closed segment of all tables together. */
interface ClosedSegment {
  readonly number: number;
  readonly bytes: number;
  /** Of how many captured steps one is left. */
  readonly stride: number;
  readonly lastStep: number;
}

/** Which rows are kept whatever the stride. */
export interface KeepAlways {
  readonly steps: ReadonlySet<number>;
  /** True for the first and the newest row of a series. */
  isEnd(table: TableName, series: number, step: number): boolean;
}

const notePrefix = "Disk limit reached";
const rowsPerBatch = 4096;
/** Of the folder's limit; the rest is for the tiers that a reader keeps beside the run. */
const tableShare = 0.95;

/**
 * Keeps a run folder under its limit: the closed segments form tiers by stride (1, 2, 4, …), and when there is no
 * room the tier that holds most segments gives up its two oldest, which become one segment with every second
 * step. So the newest steps stay whole and old ones become sparse gradually, in whole steps.
 */
export class Thinner {
  private readonly closed: ClosedSegment[] = [];

  constructor(
    private readonly folder: string,
    private readonly limitBytes: number,
    private readonly keep: KeepAlways,
  ) {}

  /** Size at which a segment is closed. */
  get segmentBytes(): number {
    return Math.min(2 ** 24, Math.max(2 ** 16, this.limitBytes / 128));
  }

  add(number: number, bytes: number, lastStep: number): void {
    this.closed.push({ number, bytes, stride: 1, lastStep });
  }

  /** Thins until `reserveBytes` more fit, or nothing can be thinned. */
  makeRoom(reserveBytes: number): void {
    while (this.bytes() + reserveBytes > this.limitBytes * tableShare) {
      const chosen = this.choose();
      if (chosen === null) return;
      const thinned = this.thin(chosen);
      const first = this.closed.indexOf(chosen[0]);
      this.closed.splice(first, chosen.length, thinned);
    }
  }

  /** One sentence for run.json; null while nothing was thinned. */
  get note(): string | null {
    const thinned = this.closed.filter((segment) => segment.stride > 1);
    const newest = thinned.at(-1);
    if (newest === undefined) return null;
    const largest = Math.max(...thinned.map((segment) => segment.stride));
    const limit = `${Math.round(this.limitBytes / 2 ** 20)} MB`;
    return `${notePrefix} (${limit}): up to step ${newest.lastStep}, 1 of ${newest.stride} to 1 of ${largest} captured steps is kept, in whole steps.`;
  }

  static isNote(note: string): boolean {
    return note.startsWith(notePrefix);
  }

  private bytes(): number {
    return this.closed.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** The two oldest segments, next to each other, of the tier with most segments. */
  private choose(): readonly [ClosedSegment, ClosedSegment] | null {
    const pairs = new Map<number, { count: number; pair: readonly [ClosedSegment, ClosedSegment] | null }>();
    for (const [at, segment] of this.closed.entries()) {
      const tier = pairs.get(segment.stride) ?? { count: 0, pair: null };
      const next = this.closed[at + 1];
      tier.count++;
      if (next?.stride === segment.stride) tier.pair ??= [segment, next];
      pairs.set(segment.stride, tier);
    }
    const tiers = [...pairs.values()].filter((tier) => tier.pair !== null).sort((a, b) => b.count - a.count);
    return tiers[0]?.pair ?? null;
  }

  private thin(segments: readonly [ClosedSegment, ClosedSegment]): ClosedSegment {
    const [first, second] = segments;
    const kept = this.keptSteps([first.number, second.number]);
    const temporary: TableName[] = [];
    for (const table of tableNames) {
      if (this.rewrite(table, [first.number, second.number], first.number, kept)) temporary.push(table);
    }
    let bytes = 0;
    for (const table of tableNames) {
      const path = join(this.folder, segmentFileName(table, first.number));
      if (temporary.includes(table)) renameSync(`${path}.tmp`, path);
      else rmSync(path, { force: true });
      rmSync(join(this.folder, segmentFileName(table, second.number)), { force: true });
      bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
    return { number: first.number, bytes, stride: 2 * first.stride, lastStep: second.lastStep };
  }

  /**
   * Every second step among those that hold the same statistics: steps with everything and steps with the cheap
   * numbers only alternate in no fixed rhythm, and neither kind may vanish.
   */
  private keptSteps(numbers: readonly number[]): Set<number> {
    const kinds = new Map<number, string[]>();
    for (const table of tableNames) {
      for (const batch of this.batches(table, numbers)) collectKinds(batch, kinds);
    }
    const seen = new Map<string, number>();
    const kept = new Set<number>();
    for (const step of [...kinds.keys()].sort((a, b) => a - b)) {
      const kind = [...new Set(kinds.get(step))].sort().join(" ");
      const count = seen.get(kind) ?? 0;
      seen.set(kind, count + 1);
      if (count % 2 === 0 || this.keep.steps.has(step)) kept.add(step);
    }
    return kept;
  }

  /** True if a file `<segment>.tmp` was written: there are rows left. */
  private rewrite(table: TableName, numbers: readonly number[], target: number, kept: ReadonlySet<number>): boolean {
    const path = `${join(this.folder, segmentFileName(table, target))}.tmp`;
    rmSync(path, { force: true });
    const buffer = new TableBuffer(table);
    let writer: SegmentWriter | null = null;
    const flush = () => {
      const batch = buffer.take();
      if (batch === null) return;
      writer ??= new SegmentWriter(path, table);
      writer.append(batch);
      buffer.clear();
    };
    for (const batch of this.batches(table, numbers)) {
      const { steps, series } = batch;
      const rowAt = batch.rows();
      for (let at = 0; at < batch.length; at++) {
        const step = steps[at] as number;
        const index = series[at] as number;
        if (!kept.has(step) && !this.keep.isEnd(table, index, step)) continue;
        buffer.add(step, index, rowAt(at));
        if (buffer.length >= rowsPerBatch) flush();
      }
    }
    flush();
    (writer as SegmentWriter | null)?.close();
    return writer !== null;
  }

  private *batches(table: TableName, numbers: readonly number[]): Generator<ColumnBatch> {
    for (const number of numbers) {
      const path = join(this.folder, segmentFileName(table, number));
      if (statSync(path, { throwIfNoEntry: false }) === undefined) continue;
      const reader = new SegmentReader(path, table);
      for (let more = true; more; ) {
        const got = reader.poll(2 ** 20);
        yield* got.batches;
        more = got.more;
      }
    }
  }
}

/** Adds the names of the columns that each step has to `kinds`. */
function collectKinds(batch: ColumnBatch, kinds: Map<number, string[]>): void {
  const { steps } = batch;
  for (const name of batch.present()) {
    const valid = batch.column(name)?.valid ?? null;
    const label = `${batch.table}.${name}`;
    for (let at = 0; at < batch.length; at++) {
      if (!isPresent(valid, at)) continue;
      const step = steps[at] as number;
      let names = kinds.get(step);
      if (names === undefined) {
        names = [];
        kinds.set(step, names);
      }
      if (names.at(-1) !== label) names.push(label);
    }
  }
}
