import { closeSync, fstatSync, openSync, type Stats, statSync } from "node:fs";
import { basename } from "node:path";
import type { TableName } from "../stats/catalogue.js";
import { type ArrowMessage, type BatchMessage, readArrowMessage } from "./arrowMetadata.js";
import { ColumnBatch } from "./columnBatch.js";
import { type ColumnLayout, isWhole, layoutOf } from "./columnLayout.js";
import { DamagedBatchError } from "./damagedBatch.js";
import { FileWindow } from "./fileWindow.js";
import { readBytes } from "./readBytes.js";

/** A message begins with a continuation mark and the length of its metadata. */
const prefixBytes = 8;
const continuation = 0xffffffff;
/** Metadata of a batch is about 3 kB; a length beyond this is damage, not a batch. */
const largestMetadataBytes = 1 << 24;
const largeBodyBytes = 1 << 16;
/** A prefix and metadata. */
const indexBytes = 1 << 12;

/** Where a record batch lies in its file, and which steps it holds. */
export interface BatchEntry {
  readonly metadataOffset: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
  readonly firstStep: number;
  readonly lastStep: number;
}

/** How far a segment has been read; see `SegmentReader.state`. */
export interface SegmentState {
  readonly offset: number;
  readonly identity: string;
  readonly finished: boolean;
  readonly entries: readonly (readonly number[])[];
}

/** The file is not what was read of it before: thinned, merged or written anew. */
export class SegmentReplacedError extends Error {}

/** Tails one Arrow IPC stream file: each `poll` gives the record batches that have become complete. */
export class SegmentReader {
  private offset = 0;
  private stamp = "";
  private layout: ColumnLayout | null = null;
  private readonly entryList: BatchEntry[] = [];
  private finished = false;
  private readonly broken = new Set<string>();

  constructor(
    readonly path: string,
    readonly table: TableName,
  ) {}

  /** True once the stream's end mark has been read: nothing will be added. */
  get ended(): boolean {
    return this.finished;
  }

  /** Tells this file from one that replaced it; empty until it is read. */
  get identity(): string {
    return this.stamp;
  }

  /** False once the file has been replaced or is gone. */
  isCurrent(): boolean {
    const stats = statSync(this.path, { throwIfNoEntry: false });
    return stats !== undefined && (this.stamp === "" || this.stamp === this.stampOf(stats));
  }

  get bytesRead(): number {
    return this.offset;
  }

  /** What of the file cannot be read, one sentence each. A torn tail is none. */
  get damage(): readonly string[] {
    return [...this.broken];
  }

  /** Runs `use` on a batch; undefined, and told in `damage`, where its bytes are damaged. */
  unlessDamaged<T>({ firstStep, lastStep }: BatchEntry, use: () => T): T | undefined {
    try {
      return use();
    } catch (error) {
      if (!(error instanceof DamagedBatchError)) throw error;
      const steps = Number.isFinite(firstStep) ? `steps ${firstStep} to ${lastStep}` : "some steps";
      this.broken.add(`Rows of ${steps} in ${basename(this.path)} are damaged and left out: ${error.message}`);
      return undefined;
    }
  }

  /** Batches read so far, in file order. */
  get entries(): readonly BatchEntry[] {
    return this.entryList;
  }

  /**
   * Reads at most about `maxBytes` (at least one batch, where one is complete). With `bodies` false only the
   * index grows; it is what a reader needs that fetches columns later.
   */
  poll(
    maxBytes: number,
    bodies = true,
  ): { readonly batches: ColumnBatch[]; readonly bytes: number; readonly more: boolean } {
    const batches: ColumnBatch[] = [];
    const start = this.offset;
    if (this.finished) return { batches, bytes: 0, more: false };
    return this.withFile((file, size) => {
      if (size < this.offset) throw new SegmentReplacedError(this.path);
      const window = new FileWindow(file, size, bodies ? largeBodyBytes : indexBytes);
      let more = false;
      while (!this.finished) {
        if (this.offset - start >= maxBytes) {
          more = size > this.offset;
          break;
        }
        const message = this.nextMessage(file, window, size);
        if (message === null) break;
        const entry = this.entryList.at(-1);
        if (!bodies || message.kind !== "batch" || entry === undefined) continue;
        const layout = this.layoutIn(file);
        const batch = layout && this.unlessDamaged(entry, () => this.wholeBatch(window, layout, message, entry));
        if (batch) batches.push(batch);
        else this.entryList.pop();
      }
      return { batches, bytes: this.offset - start, more };
    });
  }

  /** A batch whose columns are read from the file when they are asked for. */
  batchAt(entry: BatchEntry): ColumnBatch {
    const { metadataOffset, metadataBytes } = entry;
    const { message, layout } = this.withFile((file) => ({
      message: decode(readBytes(file, metadataOffset, metadataBytes)),
      layout: this.layoutIn(file),
    }));
    if (message?.kind !== "batch" || layout === null) throw new SegmentReplacedError(this.path);
    const body = metadataOffset + metadataBytes;
    const read = (offset: number, length: number) => this.withFile((file) => readBytes(file, body + offset, length));
    return new ColumnBatch(this.table, layout, message, read);
  }

  /** The first rows of some batches, each good only within `use`: all of them are read with the file opened once. */
  useHeads(entries: readonly BatchEntry[], mostRows: number, use: (batch: ColumnBatch) => void): void {
    this.withFile((file) => {
      const layout = this.layoutIn(file);
      for (const entry of entries) {
        const { metadataOffset, metadataBytes } = entry;
        const message = decode(readBytes(file, metadataOffset, metadataBytes));
        if (message?.kind !== "batch" || layout === null) throw new SegmentReplacedError(this.path);
        const body = metadataOffset + metadataBytes;
        const read = (offset: number, length: number) => readBytes(file, body + offset, length);
        this.unlessDamaged(entry, () => use(new ColumnBatch(this.table, layout, message, read, mostRows)));
      }
    });
  }

  /** What `restore` needs to go on from here, as plain JSON. */
  state(): SegmentState {
    const entries = this.entryList.map((entry) => [
      entry.metadataOffset,
      entry.metadataBytes,
      entry.bodyBytes,
      entry.firstStep,
      entry.lastStep,
    ]);
    return { offset: this.offset, identity: this.stamp, finished: this.finished, entries };
  }

  static restore(path: string, table: TableName, state: SegmentState): SegmentReader {
    const reader = new SegmentReader(path, table);
    reader.offset = state.offset;
    reader.stamp = state.identity;
    reader.finished = state.finished;
    for (const [metadataOffset = 0, metadataBytes = 0, bodyBytes = 0, firstStep = 0, lastStep = 0] of state.entries) {
      reader.entryList.push({ metadataOffset, metadataBytes, bodyBytes, firstStep, lastStep });
    }
    return reader;
  }

  /** The schema is the first message. */
  private layoutIn(file: number): ColumnLayout | null {
    if (this.layout === null) {
      const metadataBytes = new DataView(readBytes(file, 0, prefixBytes).buffer).getUint32(4, true);
      const message = decode(readBytes(file, prefixBytes, metadataBytes));
      if (message?.kind === "schema") this.layout = layoutOf(message.fields);
    }
    return this.layout;
  }

  /**
   * Null when the rest of the file is not a whole message: it is still being written, or was torn by a kill, or is damaged,
   * which is told.
   */
  private nextMessage(file: number, window: FileWindow, size: number): ArrowMessage | null {
    if (this.offset + prefixBytes > size) return null;
    const { buffer, byteOffset } = window.bytes(this.offset, prefixBytes);
    const prefix = new DataView(buffer, byteOffset, prefixBytes);
    const metadataBytes = prefix.getUint32(4, true);
    if (prefix.getUint32(0, true) !== continuation || metadataBytes > largestMetadataBytes) return this.damaged();
    if (metadataBytes === 0) {
      this.finished = true;
      this.offset += prefixBytes;
      return null;
    }
    const metadataOffset = this.offset + prefixBytes;
    if (metadataOffset + metadataBytes > size) return null;
    const message = decode(window.bytes(metadataOffset, metadataBytes));
    if (message === null || message.kind === "other") return this.damaged();
    const end = metadataOffset + metadataBytes + message.bodyBytes;
    if (end > size) return null;
    if (message.kind === "schema") this.layout = layoutOf(message.fields);
    if (message.kind === "batch") {
      const layout = this.layoutIn(file);
      if (layout === null || !isWhole(message, layout)) return this.damaged();
      const { first, last } = message.steps ?? { first: Number.NEGATIVE_INFINITY, last: Number.POSITIVE_INFINITY };
      const { bodyBytes } = message;
      this.entryList.push({ metadataOffset, metadataBytes, bodyBytes, firstStep: first, lastStep: last });
    }
    this.offset = end;
    return message;
  }

  private damaged(): null {
    this.broken.add(`${basename(this.path)} is damaged at byte ${this.offset}: what lies behind that is not read.`);
    return null;
  }

  /** A small body is read in one go; of a large one, most of which is often columns without a value, the rest only. */
  private wholeBatch(
    window: FileWindow,
    layout: ColumnLayout,
    message: BatchMessage,
    { metadataOffset, metadataBytes, bodyBytes }: BatchEntry,
  ): ColumnBatch {
    const start = metadataOffset + metadataBytes;
    const isLarge = bodyBytes > largeBodyBytes;
    const body = isLarge
      ? (offset: number, length: number) => window.bytes(start + offset, length)
      : window.bytes(start, bodyBytes);
    const batch = new ColumnBatch(this.table, layout, message, body);
    if (isLarge) batch.load();
    else batch.check();
    return batch;
  }

  /** Inodes are used again, so a segment that will not grow any more is known by its size and time as well. */
  private stampOf({ ino, size, mtimeMs }: Stats): string {
    return this.finished ? `${ino} ${size} ${mtimeMs}` : `${ino}`;
  }

  private withFile<T>(use: (file: number, size: number) => T): T {
    const file = openSync(this.path, "r");
    try {
      const stats = fstatSync(file);
      if (this.stamp !== "" && this.stamp !== this.stampOf(stats)) throw new SegmentReplacedError(this.path);
      const result = use(file, stats.size);
      this.stamp = this.stampOf(stats);
      return result;
    } finally {
      closeSync(file);
    }
  }
}

/** Null for bytes that are no Arrow message. */
function decode(metadata: Uint8Array): ArrowMessage | null {
  try {
    return readArrowMessage(metadata);
  } catch {
    return null;
  }
}
