import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Row, type TableName, tableNames } from "../stats/catalogue.js";
import { writeFileAtomic } from "./atomicFile.js";
import { eventsFileName, type RunEvent, type RunFile, runFileName, segmentFileName } from "./format.js";
import { SegmentWriter } from "./segmentWriter.js";
import { TableBuffer } from "./tableBuffer.js";
import { Thinner } from "./thinning.js";

export interface RunWriterOptions {
  readonly folder: string;
  readonly run: RunFile;
  /** Largest size of the folder in bytes; beyond it the oldest steps are thinned. */
  readonly diskLimitBytes: number;
}

/**
 * Writes one run folder. Rows wait in memory until `flush`, which puts each table's rows on disk as one whole
 * record batch; a process that is killed between two flushes loses what waited and nothing else.
 */
export class RunWriter {
  readonly folder: string;
  private run: RunFile;
  private runChanged = true;
  private readonly buffers: Readonly<Record<TableName, TableBuffer>>;
  private segments: Partial<Record<TableName, SegmentWriter>> = {};
  private segment = 0;
  private events: string[] = [];
  private eventBytes = 0;
  private lastStep = Number.NEGATIVE_INFINITY;
  private readonly thinner: Thinner;
  private readonly pinnedSteps = new Set<number>();
  private readonly ends = new Map<TableName, Map<number, { readonly first: number; last: number }>>();

  constructor(options: RunWriterOptions) {
    this.folder = options.folder;
    this.run = options.run;
    this.thinner = new Thinner(options.folder, options.diskLimitBytes, {
      steps: this.pinnedSteps,
      isEnd: (table, series, step) => {
        const ends = this.ends.get(table)?.get(series);
        return ends !== undefined && (ends.first === step || ends.last === step);
      },
    });
    this.buffers = Object.fromEntries(tableNames.map((table) => [table, new TableBuffer(table)])) as Record<
      TableName,
      TableBuffer
    >;
    mkdirSync(this.folder, { recursive: true });
  }

  get current(): RunFile {
    return this.run;
  }

  append(table: TableName, step: number, series: number, row: Row): void {
    if (step > this.lastStep) {
      // Segments of all tables change together and between two steps, so that thinning takes whole steps.
      if (this.openBytes() >= this.thinner.segmentBytes) this.rotate();
      this.lastStep = step;
    }
    this.buffers[table].add(step, series, row);
    const ends = this.ends.get(table)?.get(series);
    if (ends === undefined) this.tableEnds(table).set(series, { first: step, last: step });
    else ends.last = step;
  }

  appendEvent(event: RunEvent): void {
    if (event.type === "nonfinite") this.pinnedSteps.add(event.step);
    this.events.push(`${JSON.stringify(event)}\n`);
  }

  update(patch: Partial<RunFile>): void {
    this.run = { ...this.run, ...patch };
    this.runChanged = true;
  }

  /** A change of run.json that may wait until something else changes it. */
  updateSoon(patch: Partial<RunFile>): void {
    this.run = { ...this.run, ...patch };
  }

  addNote(note: string): void {
    if (!this.run.notes.includes(note)) this.update({ notes: [...this.run.notes, note] });
  }

  flush(): void {
    this.writeTables();
    if (this.events.length > 0) {
      const text = this.events.join("");
      appendFileSync(join(this.folder, eventsFileName), text);
      this.eventBytes += Buffer.byteLength(text);
      this.events = [];
    }
    if (this.runChanged) {
      writeFileAtomic(join(this.folder, runFileName), JSON.stringify(this.run));
      this.runChanged = false;
    }
  }

  close(patch: Partial<RunFile>): void {
    this.update(patch);
    this.flush();
    this.closeSegments();
  }

  /** Gives up the rows that wait and says why in run.json; for a writer that failed. */
  abandon(note: string): void {
    try {
      this.closeSegments();
    } finally {
      this.events = [];
      this.addNote(note);
      writeFileAtomic(join(this.folder, runFileName), JSON.stringify(this.run));
    }
  }

  private writeTables(): void {
    for (const table of tableNames) {
      const buffer = this.buffers[table];
      const batch = buffer.take();
      if (batch === null) continue;
      let writer = this.segments[table];
      if (writer === undefined) {
        writer = new SegmentWriter(join(this.folder, segmentFileName(table, this.segment)), table);
        this.segments[table] = writer;
      }
      writer.append(batch);
      buffer.clear();
    }
  }

  private openBytes(): number {
    let bytes = 0;
    for (const table of tableNames) bytes += this.segments[table]?.bytes ?? 0;
    return bytes;
  }

  private rotate(): void {
    this.writeTables();
    this.thinner.add(this.segment, this.openBytes(), this.lastStep);
    this.closeSegments();
    this.segment++;
    this.thinner.makeRoom(this.thinner.segmentBytes + this.eventBytes);
    const note = this.thinner.note;
    if (note !== null && !this.run.notes.includes(note)) {
      this.update({ notes: [...this.run.notes.filter((other) => !Thinner.isNote(other)), note] });
    }
  }

  private tableEnds(table: TableName): Map<number, { readonly first: number; last: number }> {
    let ends = this.ends.get(table);
    if (ends === undefined) {
      ends = new Map();
      this.ends.set(table, ends);
    }
    return ends;
  }

  private closeSegments(): void {
    const open = this.segments;
    this.segments = {};
    for (const table of tableNames) open[table]?.close();
  }
}
