import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import { type ColumnBatch, isPresent } from "../columnBatch.js";
import { type ExportBatch, type Exporter, exportKeys, exportLists, exportScalars } from "./exportRows.js";
import { OutputFile } from "./outputFile.js";

type ParquetSchema = ConstructorParameters<typeof ParquetWriter>[0]["schema"];

const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const;
const schema: ParquetSchema = [
  { name: "root", num_children: exportKeys.length + exportScalars.length + exportLists.length },
  { name: "table", ...text },
  { name: "step", type: "INT32", repetition_type: "REQUIRED" },
  { name: "layer", ...text },
  { name: "weight", ...text },
  ...exportScalars.map((name) => ({ name, type: "DOUBLE", repetition_type: "OPTIONAL" }) as const),
  ...exportLists.flatMap(
    (name) =>
      [
        { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
      ] as const,
  ),
];

/** Rows of a row group: large enough to compress, small enough to hold in memory. */
const rowsPerGroup = 16_384;

type Columns = Map<string, (string | number | readonly number[] | undefined)[]>;

/** Parquet with Snappy, one row for each captured row. */
export class ParquetExport implements Exporter {
  private readonly file: OutputFile;
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private columns: Columns = emptyColumns();
  private rows = 0;

  constructor(path: string) {
    this.file = new OutputFile(path);
    this.writer = new ParquetWriter({ writer: this.bytes, schema, createdBy: "layerscope" });
  }

  begin(): void {
    // The writer has put the format's mark at the head already.
  }

  add({ table, batch, layerOf, weightOf }: ExportBatch): void {
    for (let at = 0; at < batch.length; at++) {
      const series = batch.series[at] as number;
      this.columns.get("table")?.push(table);
      this.columns.get("step")?.push(batch.steps[at]);
      this.columns.get("layer")?.push(layerOf(series));
      this.columns.get("weight")?.push(weightOf(series));
      this.addStatistics(batch, at);
      if (++this.rows >= rowsPerGroup) this.writeGroup();
    }
  }

  end(): void {
    this.writeGroup();
    void this.writer.finish();
    this.drain();
    this.file.close();
  }

  abandon(): void {
    this.file.abandon();
  }

  private addStatistics(batch: ColumnBatch, at: number): void {
    for (const name of exportScalars) {
      const column = batch.scalar(name);
      this.columns.get(name)?.push(column !== null && isPresent(column.valid, at) ? column.values[at] : undefined);
    }
    for (const name of exportLists) {
      const column = batch.list(name);
      const has = column !== null && isPresent(column.valid, at);
      this.columns
        .get(name)
        ?.push(has ? Array.from(column.values.subarray(column.offsets[at], column.offsets[at + 1])) : undefined);
    }
  }

  private writeGroup(): void {
    if (this.rows === 0) return;
    const columnData: ColumnSource[] = [...this.columns].map(([name, data]) => ({ name, data }));
    void this.writer.write({ columnData, rowGroupSize: this.rows });
    this.columns = emptyColumns();
    this.rows = 0;
    this.drain();
  }

  /** Hands over what is finished: the writer keeps offsets of its own, so its buffer can start afresh. */
  private drain(): void {
    this.file.writeBytes(new Uint8Array(this.bytes.buffer, 0, this.bytes.index));
    this.bytes.index = 0;
  }
}

function emptyColumns(): Columns {
  return new Map([...exportKeys, ...exportScalars, ...exportLists].map((name) => [name, []]));
}
