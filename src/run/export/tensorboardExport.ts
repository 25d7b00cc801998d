import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ListName, ScalarName } from "../../stats/catalogue.js";
import { type ColumnBatch, isPresent } from "../columnBatch.js";
import type { RunFile } from "../format.js";
import { type ExportBatch, type Exporter, exportLists, exportScalars } from "./exportRows.js";
import { OutputFile } from "./outputFile.js";
import { type HistogramValue, type SummaryValue, summaryRecord, versionRecord } from "./tensorboardRecord.js";

const channelBuckets = 30;

/**
 * An event file in the folder `path`, which is then a log directory of TensorBoard. Tags are `loss`, `<layer>/mean`
 * and so on; lists become histograms over their channels.
 */
export class TensorboardExport implements Exporter {
  private file: OutputFile | null = null;
  private startedMs = 0;
  /** Of each step of the table `steps`, ascending, and when it was. */
  private readonly clockSteps: number[] = [];
  private readonly clockMs: number[] = [];

  constructor(private readonly path: string) {}

  begin(run: RunFile): void {
    this.startedMs = Date.parse(run.startedAt);
    const seconds = Math.floor(this.startedMs / 1000);
    mkdirSync(this.path, { recursive: true });
    this.file = new OutputFile(
      join(this.path, `events.out.tfevents.${seconds}.${run.process.host || "host"}.${run.id}`),
    );
    this.file.writeBytes(versionRecord(this.startedMs / 1000));
  }

  add({ table, batch, layerOf, weightOf }: ExportBatch): void {
    for (let at = 0; at < batch.length; at++) {
      const step = batch.steps[at] as number;
      const series = batch.series[at] as number;
      if (table === "steps") this.readClock(batch, at, step);
      const owner = weightOf(series) || layerOf(series);
      const values = [...scalars(batch, at, owner), ...histograms(batch, at, owner)];
      if (values.length > 0) this.file?.writeBytes(summaryRecord(this.timeOf(step) / 1000, step, values));
    }
  }

  end(): void {
    this.file?.close();
  }

  abandon(): void {
    this.file?.abandon();
  }

  private readClock(batch: ColumnBatch, at: number, step: number): void {
    const column = batch.scalar("timeMs");
    if (column === null || !isPresent(column.valid, at) || step <= (this.clockSteps.at(-1) ?? -1)) return;
    this.clockSteps.push(step);
    this.clockMs.push(column.values[at] as number);
  }

  /** Milliseconds since 1970 of the last step known at or before `step`; the start of the run before the first. */
  private timeOf(step: number): number {
    let low = 0;
    let high = this.clockSteps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.clockSteps[middle] as number) <= step) low = middle + 1;
      else high = middle;
    }
    return this.startedMs + (this.clockMs[low - 1] ?? 0);
  }
}

function tag(owner: string, name: string): string {
  return owner === "" ? name : `${owner}/${name}`;
}

function scalars(batch: ColumnBatch, at: number, owner: string): SummaryValue[] {
  return exportScalars.flatMap((name: ScalarName) => {
    const column = batch.scalar(name);
    const has = column !== null && isPresent(column.valid, at);
    return has ? [{ tag: tag(owner, name), scalar: column.values[at] as number }] : [];
  });
}

function histograms(batch: ColumnBatch, at: number, owner: string): SummaryValue[] {
  return exportLists.flatMap((name: ListName) => {
    const column = batch.list(name);
    if (column === null || !isPresent(column.valid, at)) return [];
    const values = column.values.subarray(column.offsets[at], column.offsets[at + 1]);
    const histogram = name === "histogram" ? activationHistogram(batch, at, values) : channelHistogram(values);
    return histogram === null ? [] : [{ tag: tag(owner, name), histogram }];
  });
}

/** The recorded bins: values below the range, the bins of the range, values above it. */
function activationHistogram(batch: ColumnBatch, at: number, counts: Float32Array): HistogramValue | null {
  const number = (name: ScalarName) => {
    const column = batch.scalar(name);
    return column !== null && isPresent(column.valid, at) ? (column.values[at] as number) : Number.NaN;
  };
  const low = number("histogramMin");
  const high = number("histogramMax");
  const min = Math.min(low, finiteOr(number("min"), low));
  const max = Math.max(high, finiteOr(number("max"), high));
  if (!Number.isFinite(low) || !Number.isFinite(high) || counts.length < 3) return null;
  const bins = counts.length - 2;
  const limits = Array.from(counts, (_, bin) => (bin > bins ? max : low + ((high - low) * bin) / bins));
  const count = counts.reduce((sum, value) => sum + value, 0);
  const mean = finiteOr(number("mean"), 0);
  const variance = finiteOr(number("variance"), 0);
  const sumOfSquares = count * (variance + mean * mean);
  return { min, max, count, sum: count * mean, sumOfSquares, limits, counts: Array.from(counts) };
}

function channelHistogram(values: Float32Array): HistogramValue | null {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return null;
  const min = finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const max = finite.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const buckets = min === max ? 1 : channelBuckets;
  const counts = new Array<number>(buckets).fill(0);
  let sum = 0;
  let sumOfSquares = 0;
  for (const value of finite) {
    const bucket = min === max ? 0 : Math.min(buckets - 1, Math.floor(((value - min) / (max - min)) * buckets));
    counts[bucket] = (counts[bucket] as number) + 1;
    sum += value;
    sumOfSquares += value * value;
  }
  const limits = counts.map((_, bucket) => min + ((max - min) * (bucket + 1)) / buckets);
  return { min, max, count: finite.length, sum, sumOfSquares, limits, counts };
}

function finiteOr(value: number, instead: number): number {
  return Number.isFinite(value) ? value : instead;
}
