import { type ListName, listColumns, type StatisticName, type TableName } from "../stats/catalogue.js";
import { type ColumnBatch, isPresent } from "./columnBatch.js";
import { type RunPreview, readPreview, tableBytes } from "./runPreview.js";
import { type RunPoll, RunReader } from "./runReader.js";
import { readSeries, type SeriesPoint } from "./seriesReader.js";
import { alignDown, BucketBuilder, type SeriesBuckets } from "./tiers/bucketBuilder.js";
import { SeriesStore } from "./tiers/seriesStore.js";
import { readTiers, writeTiers } from "./tiers/tierFile.js";

export interface StepRange {
  readonly from: number;
  readonly to: number;
}

export interface KnownBuckets extends SeriesBuckets {
  /** Only some of the captured steps were read; what lies between is not known. */
  readonly isSample?: boolean;
}

export interface NewestValue {
  readonly step: number;
  readonly value: number;
}

/** Of a series that is finer on disk than in memory, at most so many batches are read for one view. */
const mostDetailBatches = 256;
/** So few are always read: what a view shows is then exact. */
const fewDetailBatches = 32;
/** Otherwise buckets this many times wider than asked for will do. */
const coarsest = 4;
/** What is less is read in a moment. */
const longRunBytes = 32 * 2 ** 20;
/** How far back the last captured list of a layer is looked for. */
const mostBatchesBack = 2048;

/**
 * A run for views: follows the folder, keeps the overview of every series in bounded memory and fetches detail from
 * disk. What a view costs depends on its points, not on the length of the run.
 */
export class RunHistory {
  private readonly follower: RunReader;
  private store: SeriesStore;
  private saved = false;
  private preview: RunPreview | null = null;

  constructor(
    readonly folder: string,
    private readonly budgetBytes?: number,
  ) {
    this.follower = new RunReader(folder);
    this.store = new SeriesStore(budgetBytes);
  }

  get reader(): RunReader {
    return this.preview?.reader ?? this.follower;
  }

  /** True as long as series come out of `startPreview`'s picture. */
  get isPreview(): boolean {
    return this.preview !== null;
  }

  /**
   * Looks into a long run, so that there is something to show until it has been read: polls go on in the background,
   * and the one with nothing `more` ends it. False where the run is short, or cannot be looked into.
   * @param use sees the rows of the picture, oldest first within a table; they are good only within the call
   */
  startPreview(use: (batch: ColumnBatch) => void, leastBytes = longRunBytes): boolean {
    try {
      if (tableBytes(this.folder) < leastBytes) return false;
      this.preview = readPreview(this.folder, this.budgetBytes, use);
      return true;
    } catch {
      // Thinned in this moment, or damaged: the poll tells.
      return false;
    }
  }

  /**
   * Goes on from the tiers beside the run, if there are any: polls then give only what is new since they were saved.
   * Returns what was saved with them, or undefined. Throws RunFolderError where there is no run.
   */
  restore(): unknown {
    const store = new SeriesStore(this.budgetBytes);
    const tiers = readTiers(this.folder, store);
    if (tiers === null || !this.follower.restore(tiers.reader)) return undefined;
    this.store = store;
    this.saved = true;
    return tiers.extra;
  }

  poll(maxBytes?: number): RunPoll {
    const poll = this.follower.poll(maxBytes === undefined ? {} : { maxBytes });
    if (poll.reset) this.store = new SeriesStore(this.budgetBytes);
    for (const batch of poll.batches) this.store.add(batch);
    if (poll.reset || poll.batches.length > 0) this.saved = false;
    if (!poll.more) this.preview = null;
    return poll;
  }

  /**
   * Writes the tiers beside the run, with `extra` (plain JSON) for `restore`. A run that is read in a moment anyway
   * (fewer than `leastBytes`) is left alone. True if they are there.
   */
  save(extra: unknown, leastBytes = longRunBytes): boolean {
    if (this.saved || this.follower.bytesRead < leastBytes) return this.saved;
    try {
      writeTiers(this.folder, this.store, this.follower.state(), extra);
      this.saved = true;
    } catch {
      // A cache only: a folder that is read-only, full or gone is read again from its rows.
    }
    return this.saved;
  }

  /**
   * Buckets of `width` steps (a power of two) that touch the range. Where only wider ones are in memory and the
   * range is too long to be read from disk, those.
   */
  series(table: TableName, series: number, name: StatisticName, range: StepRange, width: number): KnownBuckets {
    return this.overview(table, series, name, range, width) ?? this.detail(table, series, name, range, width);
  }

  /** Null where the range is better read from disk. */
  private overview(
    table: TableName,
    series: number,
    name: StatisticName,
    { from, to }: StepRange,
    width: number,
  ): KnownBuckets | null {
    const tier = (this.preview?.store ?? this.store).tier(table, series, name);
    if (this.preview !== null) {
      if (this.reader.countBatches(table, from, to) <= fewDetailBatches) return null;
      return { ...(tier?.query(from, to, width) ?? noBuckets(width)), isSample: true };
    }
    if (tier === null) return noBuckets(width);
    const batches = width >= tier.width ? 0 : this.reader.countBatches(table, from, to);
    const isFineEnough = width >= tier.width || (batches > fewDetailBatches && tier.width <= coarsest * width);
    return isFineEnough || batches > mostDetailBatches ? tier.query(from, to, width) : null;
  }

  private detail(
    table: TableName,
    series: number,
    name: StatisticName,
    { from, to }: StepRange,
    width: number,
  ): SeriesBuckets {
    const aligned = { from: alignDown(from, width), to: alignDown(to, width) + width - 1 };
    return bucketsOf(readSeries(this.reader, table, series, name, aligned), width);
  }

  /**
   * One channel of a list, in buckets of `width` steps. No overview of single channels is kept, so of a long range
   * only some batches are read: then `isSample` is true and the values between are not known.
   */
  channelSeries(
    table: TableName,
    series: number,
    name: ListName,
    channel: number,
    range: StepRange,
    width: number,
  ): KnownBuckets {
    const aligned = { from: alignDown(range.from, width), to: alignDown(range.to, width) + width - 1 };
    const batches = this.reader.countBatches(table, aligned.from, aligned.to);
    const every = Math.max(1, Math.ceil(batches / mostDetailBatches));
    const points = readSeries(this.reader, table, series, name, aligned, { channel, every });
    return { ...bucketsOf(points, width), isSample: every > 1 };
  }

  /** At most `points` buckets for the range. */
  seriesPoints(table: TableName, series: number, name: StatisticName, range: StepRange, points: number): KnownBuckets {
    return this.series(table, series, name, range, widthFor(range, points));
  }

  /** The newest captured value of a series, as far as it has been read; of a list its mean. Null where there is none. */
  newest(table: TableName, series: number, name: StatisticName): NewestValue | null {
    const tier = (this.preview?.store ?? this.store).tier(table, series, name);
    return tier === null ? null : { step: tier.lastStep, value: tier.lastValue };
  }

  /** For each list of the layer the last one captured at or before `step`. */
  channelsAt(
    layer: number,
    step: number,
  ): { readonly step: number; readonly values: Partial<Record<ListName, Float32Array>> } {
    const values: Partial<Record<ListName, Float32Array>> = {};
    let newest = Number.NEGATIVE_INFINITY;
    for (const table of ["activations", "batchNorm"] as const) {
      let missing = listColumns[table].filter((name: ListName) => name !== "histogram");
      for (const batch of this.reader.batchesBack(table, step, mostBatchesBack)) {
        const rows = batch.rowsOf(layer);
        missing = missing.filter((name) => {
          const column = rows.length === 0 ? null : batch.list(name);
          if (column === null) return true;
          const at = rows.findLast((row) => (batch.steps[row] as number) <= step && isPresent(column.valid, row));
          if (at === undefined) return true;
          values[name] = column.values.slice(column.offsets[at], column.offsets[at + 1]);
          newest = Math.max(newest, batch.steps[at] as number);
          return false;
        });
        if (missing.length === 0) break;
      }
    }
    return { step: newest, values };
  }
}

/** Smallest power of two with which the range has at most `points` buckets. */
export function widthFor({ from, to }: StepRange, points: number): number {
  let width = 1;
  while (Math.floor(to / width) - Math.floor(from / width) + 1 > points) width *= 2;
  return width;
}

function noBuckets(width: number): SeriesBuckets {
  return new BucketBuilder(width, 0).finish([]);
}

function bucketsOf(points: readonly SeriesPoint[], width: number): SeriesBuckets {
  const builder = new BucketBuilder(width, points.length);
  const nonfinite: number[] = [];
  for (const { step, value } of points) {
    const number = typeof value === "number" ? value : meanOf(value);
    if (!Number.isFinite(number)) nonfinite.push(step);
    builder.addValue(step, number);
  }
  return builder.finish(nonfinite.slice(0, 64));
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
