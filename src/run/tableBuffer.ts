import { Field, Float32, Float64, Int32, List, makeData, RecordBatch, Schema, Struct } from "apache-arrow";
import { listColumns, type Row, scalarColumns, type TableName } from "../stats/catalogue.js";

const schemas = new Map<TableName, Schema>();

/** The Arrow schema of a table: step, series, scalars, lists, in the order of the catalogue. */
export function tableSchema(table: TableName): Schema {
  let schema = schemas.get(table);
  if (schema === undefined) {
    schema = new Schema([
      new Field("step", new Int32(), false),
      new Field("series", new Int32(), false),
      ...scalarColumns[table].map((name) => new Field(name, new Float64(), true)),
      ...listColumns[table].map((name) => new Field(name, new List(new Field("item", new Float32(), false)), true)),
    ]);
    schemas.set(table, schema);
  }
  return schema;
}

interface ScalarColumn {
  readonly name: keyof Row;
  values: Float64Array;
  valid: Uint8Array;
  present: number;
}

interface ListColumn {
  readonly name: keyof Row;
  offsets: Int32Array;
  values: Float32Array;
  used: number;
  valid: Uint8Array;
  present: number;
}

/** Rows of one table, gathered by column until they are taken as one record batch. */
export class TableBuffer {
  private capacity = 64;
  private steps = new Int32Array(this.capacity);
  private series = new Int32Array(this.capacity);
  private readonly scalars: readonly ScalarColumn[];
  private readonly lists: readonly ListColumn[];
  private rows = 0;
  private firstStep = Number.POSITIVE_INFINITY;
  private lastStep = Number.NEGATIVE_INFINITY;

  constructor(readonly table: TableName) {
    this.scalars = scalarColumns[table].map((name) => ({
      name,
      values: new Float64Array(this.capacity),
      valid: new Uint8Array(this.capacity / 8),
      present: 0,
    }));
    this.lists = listColumns[table].map((name) => ({
      name,
      offsets: new Int32Array(this.capacity + 1),
      values: new Float32Array(0),
      used: 0,
      valid: new Uint8Array(this.capacity / 8),
      present: 0,
    }));
  }

  get length(): number {
    return this.rows;
  }

  add(step: number, series: number, row: Row): void {
    if (this.rows === this.capacity) this.grow();
    const at = this.rows++;
    this.steps[at] = step;
    this.series[at] = series;
    if (step < this.firstStep) this.firstStep = step;
    if (step > this.lastStep) this.lastStep = step;
    const byte = at >> 3;
    const bit = 1 << (at & 7);
    for (const column of this.scalars) {
      const value = row[column.name];
      if (value === undefined) continue;
      column.values[at] = value as number;
      column.valid[byte] = (column.valid[byte] as number) | bit;
      column.present++;
    }
    for (const column of this.lists) {
      const list = row[column.name] as ArrayLike<number> | undefined;
      if (list !== undefined) {
        if (column.used + list.length > column.values.length) {
          const grown = new Float32Array(Math.max(256, 2 * column.values.length, column.used + list.length));
          grown.set(column.values.subarray(0, column.used));
          column.values = grown;
        }
        column.values.set(list, column.used);
        column.used += list.length;
        column.valid[byte] = (column.valid[byte] as number) | bit;
        column.present++;
      }
      column.offsets[at + 1] = column.used;
    }
  }

  /** The rows so far as one record batch that owns nothing of this buffer's memory after it is written; null if none. */
  take(): RecordBatch | null {
    const length = this.rows;
    if (length === 0) return null;
    const bitmapBytes = (length + 7) >> 3;
    const children = [
      makeData({ type: new Int32(), length, nullCount: 0, data: this.steps.subarray(0, length) }),
      makeData({ type: new Int32(), length, nullCount: 0, data: this.series.subarray(0, length) }),
      ...this.scalars.map((column) =>
        makeData({
          type: new Float64(),
          length,
          nullCount: length - column.present,
          nullBitmap: column.valid.subarray(0, bitmapBytes),
          data: column.values.subarray(0, length),
        }),
      ),
      ...this.lists.map((column) =>
        makeData({
          type: new List(new Field("item", new Float32(), false)),
          length,
          nullCount: length - column.present,
          nullBitmap: column.valid.subarray(0, bitmapBytes),
          valueOffsets: column.offsets.subarray(0, length + 1),
          child: makeData({
            type: new Float32(),
            length: column.used,
            nullCount: 0,
            data: column.values.subarray(0, column.used),
          }),
        }),
      ),
    ];
    const schema = tableSchema(this.table);
    const metadata = new Map([
      ["firstStep", String(this.firstStep)],
      ["lastStep", String(this.lastStep)],
    ]);
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }),
      metadata,
    );
  }

  /** Forgets the rows; call when the batch taken is written. */
  clear(): void {
    for (const column of this.scalars) {
      column.values.fill(0, 0, this.rows);
      column.valid.fill(0);
      column.present = 0;
    }
    for (const column of this.lists) {
      column.valid.fill(0);
      column.used = 0;
      column.present = 0;
    }
    this.rows = 0;
    this.firstStep = Number.POSITIVE_INFINITY;
    this.lastStep = Number.NEGATIVE_INFINITY;
  }

  private grow(): void {
    this.capacity *= 2;
    this.steps = copyInto(new Int32Array(this.capacity), this.steps);
    this.series = copyInto(new Int32Array(this.capacity), this.series);
    for (const column of this.scalars) {
      column.values = copyInto(new Float64Array(this.capacity), column.values);
      column.valid = copyInto(new Uint8Array(this.capacity / 8), column.valid);
    }
    for (const column of this.lists) {
      column.offsets = copyInto(new Int32Array(this.capacity + 1), column.offsets);
      column.valid = copyInto(new Uint8Array(this.capacity / 8), column.valid);
    }
  }
}

function copyInto<A extends Int32Array | Float64Array | Uint8Array>(target: A, source: A): A {
  target.set(source);
  return target;
}
