import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { type RecordBatch, RecordBatchStreamWriter } from "apache-arrow";
import type { TableName } from "../stats/catalogue.js";
import { tableSchema } from "./tableBuffer.js";

/** Arrow's stream writer with its output in our hands, so that a batch reaches the file in one write. */
class StreamEncoder extends RecordBatchStreamWriter {
  private chunks: Uint8Array[] = [];

  constructor(table: TableName) {
    super({ autoDestroy: false });
    this.reset(undefined, tableSchema(table));
  }

  takeBytes(): Uint8Array {
    const bytes = Buffer.concat(this.chunks);
    this.chunks = [];
    return bytes;
  }

  // Arrow's own method would hand the bytes to a queue that is only read asynchronously.
  protected override _write(chunk: ArrayBufferView): this {
    // Field initialisers run after super(), whose constructor does not write; `reset` above is the first to do so.
    if (chunk.byteLength > 0) this.chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this;
  }
}

/** One Arrow IPC stream file that grows by whole record batches. Made new; an existing file is an error. */
export class SegmentWriter {
  private readonly encoder: StreamEncoder;
  private readonly file: number;
  private written = 0;

  constructor(
    readonly path: string,
    table: TableName,
  ) {
    this.encoder = new StreamEncoder(table);
    this.file = openSync(path, "wx");
  }

  get bytes(): number {
    return this.written;
  }

  append(batch: RecordBatch): void {
    this.encoder.write(batch);
    this.write(this.encoder.takeBytes());
  }

  /** Ends the stream with Arrow's end mark. */
  close(): void {
    try {
      this.encoder.finish();
      this.write(this.encoder.takeBytes());
    } finally {
      closeSync(this.file);
    }
  }

  private write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at);
    } catch (error) {
      // A disk that is full leaves half a batch behind, which would hide every batch after it.
      ftruncateSync(this.file, this.written);
      throw error;
    }
    this.written += bytes.length;
  }
}
