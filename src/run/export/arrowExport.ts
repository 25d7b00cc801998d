import {
  Field,
  Float32,
  Float64,
  Int32,
  List,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import type { ListName, ScalarName } from "../../stats/catalogue.js";
import type { ColumnBatch } from "../columnBatch.js";
import { type ExportBatch, type Exporter, exportLists, exportScalars } from "./exportRows.js";
import { OutputFile } from "./outputFile.js";

const listType = new List(new Field("item", new Float32(), false));
const schema = new Schema([
  new Field("table", new Utf8(), false),
  new Field("step", new Int32(), false),
  new Field("layer", new Utf8(), false),
  new Field("weight", new Utf8(), false),
  ...exportScalars.map((name) => new Field(name, new Float64(), true)),
  ...exportLists.map((name) => new Field(name, listType, true)),
]);

/** Arrow IPC file (Feather version 2), one row for each captured row, a record batch for each of the run's. */
export class ArrowExport implements Exporter {
  private readonly file: OutputFile;
  private readonly writer: ChunkWriter;

  constructor(path: string) {
    this.file = new OutputFile(path);
    this.writer = new ChunkWriter((chunk) => this.file.writeBytes(chunk));
  }

  begin(): void {
    this.writer.reset(undefined, schema);
  }

  add({ table, batch, layerOf, weightOf }: ExportBatch): void {
    const { length } = batch;
    const text = (values: readonly string[]) =>
      vectorFromArray(values, new Utf8()).data[0] ?? makeData({ type: new Utf8() });
    const series = Array.from(batch.series);
    const children = [
      text(series.map(() => table)),
      makeData({ type: new Int32(), length, nullCount: 0, data: batch.steps }),
      text(series.map(layerOf)),
      text(series.map(weightOf)),
      ...exportScalars.map((name) => scalarData(batch, name)),
      ...exportLists.map((name) => listData(batch, name)),
    ];
    this.writer.write(
      new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })),
    );
  }

  end(): void {
    this.writer.finish();
    this.file.close();
  }

  abandon(): void {
    this.file.abandon();
  }
}

/** Arrow's file writer, handing each chunk on at once instead of queueing it for an asynchronous reader. */
class ChunkWriter extends RecordBatchFileWriter {
  private readonly sink: (chunk: Uint8Array) => void;

  constructor(sink: (chunk: Uint8Array) => void) {
    super({ autoDestroy: false });
    this.sink = sink;
  }

  protected override _write(chunk: ArrayBufferView): this {
    // Positions of the batches stand in the file's footer.
    this._position += chunk.byteLength;
    if (chunk.byteLength > 0) this.sink(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this;
  }
}

function scalarData(batch: ColumnBatch, name: ScalarName) {
  const { length } = batch;
  const column = batch.scalar(name);
  const nullBitmap = column === null ? new Uint8Array((length + 7) >> 3) : column.valid;
  return makeData({
    type: new Float64(),
    length,
    nullCount: nullCount(nullBitmap, length),
    nullBitmap,
    data: column?.values ?? new Float64Array(length),
  });
}

function listData(batch: ColumnBatch, name: ListName) {
  const { length } = batch;
  const column = batch.list(name);
  const nullBitmap = column === null ? new Uint8Array((length + 7) >> 3) : column.valid;
  const values = column?.values ?? new Float32Array(0);
  return makeData({
    type: listType,
    length,
    nullCount: nullCount(nullBitmap, length),
    nullBitmap,
    valueOffsets: column?.offsets ?? new Int32Array(length + 1),
    child: makeData({ type: new Float32(), length: values.length, nullCount: 0, data: values }),
  });
}

function nullCount(valid: Uint8Array | null, length: number): number {
  if (valid === null) return 0;
  let present = 0;
  for (let at = 0; at < length; at++) if (((valid[at >> 3] as number) & (1 << (at & 7))) !== 0) present++;
  return length - present;
}
