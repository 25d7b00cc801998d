/**
 * Reads the metadata of Arrow IPC messages (https://arrow.apache.org/docs/format/Columnar.html, Message.fbs,
 * Schema.fbs): just what the run folder uses. By hand, because a reader that fetches single columns needs the
 * buffers' places rather than decoded vectors, and a host that tails a run should not load a library for it.
 */

export interface ArrowField {
  readonly name: string;
  /** Whether the field is a List (one child). */
  readonly list: boolean;
}

export type ArrowMessage =
  | { readonly kind: "schema"; readonly bodyBytes: number; readonly fields: readonly ArrowField[] }
  | BatchMessage
  | { readonly kind: "other"; readonly bodyBytes: number };

const headerSchema = 1;
const headerRecordBatch = 3;
const typeList = 12;
const utf8 = new TextDecoder();

/** A table of a flatbuffer: fields are found through the vtable. */
class FlatTable {
  constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {}

  static root(view: DataView): FlatTable {
    return new FlatTable(view, view.getUint32(0, true));
  }

  /** Absolute place of field `index`; 0 when it is absent. */
  place(index: number): number {
    const table = this.at - this.view.getInt32(this.at, true);
    const entry = 4 + 2 * index;
    if (entry >= this.view.getUint16(table, true)) return 0;
    const offset = this.view.getUint16(table + entry, true);
    return offset === 0 ? 0 : this.at + offset;
  }

  byte(index: number): number {
    const place = this.place(index);
    return place === 0 ? 0 : this.view.getUint8(place);
  }

  long(index: number): number {
    const place = this.place(index);
    return place === 0 ? 0 : readLong(this.view, place);
  }

  table(index: number): FlatTable | null {
    const place = this.place(index);
    return place === 0 ? null : new FlatTable(this.view, place + this.view.getUint32(place, true));
  }

  /** Start of the elements and their number. */
  vector(index: number): { readonly at: number; readonly length: number } {
    const place = this.place(index);
    if (place === 0) return { at: 0, length: 0 };
    const at = place + this.view.getUint32(place, true);
    return { at: at + 4, length: this.view.getUint32(at, true) };
  }

  tables(index: number): FlatTable[] {
    const { at, length } = this.vector(index);
    return Array.from({ length }, (_, item) => {
      const place = at + 4 * item;
      return new FlatTable(this.view, place + this.view.getUint32(place, true));
    });
  }

  string(index: number): string {
    const { at, length } = this.vector(index);
    return utf8.decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at, length));
  }
}

const bufferBytes = 16;
const nodeBytes = 16;

/** Metadata of a record batch, read where it lies: a batch has some 150 buffers, and a live run ten batches a second and table. */
export class BatchMessage {
  readonly kind = "batch";
  readonly rows: number;
  readonly nodeCount: number;
  readonly bufferCount: number;
  /** Smallest and largest step in the batch; null in files that do not say. */
  readonly steps: { readonly first: number; readonly last: number } | null;
  private readonly nodes: number;
  private readonly buffers: number;

  /** Throws on tables that do not lie in the metadata. */
  constructor(
    private readonly view: DataView,
    header: FlatTable,
    readonly bodyBytes: number,
    metadata: readonly FlatTable[],
  ) {
    const nodes = header.vector(1);
    const buffers = header.vector(2);
    if (Math.max(nodes.at + nodeBytes * nodes.length, buffers.at + bufferBytes * buffers.length) > view.byteLength) {
      throw new RangeError(`Record batch: got ${nodes.length} nodes and ${buffers.length} buffers.`);
    }
    this.rows = header.long(0);
    this.nodeCount = nodes.length;
    this.nodes = nodes.at;
    this.bufferCount = buffers.length;
    this.buffers = buffers.at;
    this.steps = readSteps(metadata);
  }

  /** Of a node; nodes are numbered depth first. */
  nullCount(node: number): number {
    return readLong(this.view, this.nodes + nodeBytes * node + 8);
  }

  /** Bytes from the start of the message's body. */
  bufferOffset(buffer: number): number {
    return readLong(this.view, this.buffers + bufferBytes * buffer);
  }

  bufferLength(buffer: number): number {
    return readLong(this.view, this.buffers + bufferBytes * buffer + 8);
  }
}

function readLong(view: DataView, place: number): number {
  return view.getUint32(place, true) + view.getInt32(place + 4, true) * 2 ** 32;
}

/** Throws (RangeError or Error) on bytes that are not an Arrow message. */
export function readArrowMessage(metadata: Uint8Array): ArrowMessage {
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
  const message = FlatTable.root(view);
  const bodyBytes = message.long(3);
  if (bodyBytes < 0) throw new Error(`Arrow message: got a body of ${bodyBytes} bytes.`);
  const header = message.table(2);
  const kind = message.byte(1);
  if (header !== null && kind === headerSchema) {
    const fields = header.tables(1).map((field) => ({ name: field.string(0), list: field.byte(2) === typeList }));
    return { kind: "schema", bodyBytes, fields };
  }
  if (header !== null && kind === headerRecordBatch) {
    return new BatchMessage(view, header, bodyBytes, message.tables(4));
  }
  return { kind: "other", bodyBytes };
}

function readSteps(metadata: readonly FlatTable[]): { readonly first: number; readonly last: number } | null {
  let first = Number.NaN;
  let last = Number.NaN;
  for (const pair of metadata) {
    const key = pair.string(0);
    if (key === "firstStep") first = Number(pair.string(1));
    else if (key === "lastStep") last = Number(pair.string(1));
  }
  return Number.isInteger(first) && Number.isInteger(last) ? { first, last } : null;
}
