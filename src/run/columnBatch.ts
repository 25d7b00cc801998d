import type { ListName, Row, ScalarName, StatisticName, TableName } from "../stats/catalogue.js";
import type { BatchMessage } from "./arrowMetadata.js";
import type { ColumnLayout, ColumnPlace } from "./columnLayout.js";
import { checkedOffsets, checkedSeries, checkedSteps } from "./damagedBatch.js";

export interface ScalarColumn {
  readonly values: Float64Array;
  /** Arrow validity bitmap; null where every row has a value. */
  readonly valid: Uint8Array | null;
}

export interface ListColumn {
  readonly offsets: Int32Array;
  readonly values: Float32Array;
  readonly valid: Uint8Array | null;
}

export type Column = ScalarColumn | ListColumn;

export function isPresent(valid: Uint8Array | null, row: number): boolean {
  return valid === null || ((valid[row >> 3] as number) & (1 << (row & 7))) !== 0;
}

/** What a row has there, a list as a view; undefined where it has nothing. */
export function valueAt(column: Column, row: number): number | Float32Array | undefined {
  if (!isPresent(column.valid, row)) return undefined;
  return "offsets" in column
    ? column.values.subarray(column.offsets[row], column.offsets[row + 1])
    : column.values[row];
}

/** The bytes of a batch's body: in memory, or read at an offset when they are asked for. Both at multiples of 8. */
export type BatchBody = Uint8Array<ArrayBuffer> | ((offset: number, length: number) => Uint8Array<ArrayBuffer>);

/**
 * One record batch of a table, by column; `isWhole` holds of it. What is read may throw DamagedBatchError. Columns are
 * read when they are asked for, so that one statistic of one layer costs one column.
 */
export class ColumnBatch {
  readonly length: number;
  /** Bytes of the columns read so far. */
  bytesRead = 0;
  private stepColumn: Int32Array | undefined;
  private seriesColumn: Int32Array | undefined;
  private presentNames: readonly StatisticName[] | undefined;
  private rowIndex: RowIndex | undefined;
  private readonly scalars = new Map<string, ScalarColumn | null>();
  private readonly lists = new Map<string, ListColumn | null>();

  /**
   * @param mostRows only the first rows; of each column no more than they need is read
   */
  constructor(
    readonly table: TableName,
    private readonly layout: ColumnLayout,
    private readonly message: BatchMessage,
    private readonly body: BatchBody,
    mostRows = Number.POSITIVE_INFINITY,
  ) {
    this.length = Math.min(message.rows, mostRows);
  }

  get steps(): Int32Array {
    this.stepColumn ??= checkedSteps(this.key("step"), this.message.steps);
    return this.stepColumn;
  }

  get series(): Int32Array {
    this.seriesColumn ??= checkedSeries(this.key("series"));
    return this.seriesColumn;
  }

  /** Null where no row of the batch has the statistic. */
  scalar(name: ScalarName): ScalarColumn | null {
    let column = this.scalars.get(name);
    if (column === undefined) {
      column = this.readScalar(name);
      this.scalars.set(name, column);
    }
    return column;
  }

  /** Null where no row of the batch has the statistic. */
  list(name: ListName): ListColumn | null {
    let column = this.lists.get(name);
    if (column === undefined) {
      column = this.readList(name);
      this.lists.set(name, column);
    }
    return column;
  }

  /** Null where no row of the batch has the statistic. */
  column(name: StatisticName): Column | null {
    return this.layout.columns.get(name)?.list ? this.list(name as ListName) : this.scalar(name as ScalarName);
  }

  /** The statistics that at least one row has. */
  present(): readonly StatisticName[] {
    this.presentNames ??= this.layout.statistics
      .filter((place) => !this.isAbsent(place))
      .map(({ name }) => name as StatisticName);
    return this.presentNames;
  }

  /** Reads now what damage would show in. */
  check(): void {
    void this.steps;
    void this.series;
    for (const name of this.present()) if (this.layout.columns.get(name)?.list) this.column(name);
  }

  /** Reads everything now. */
  load(): void {
    void this.steps;
    void this.series;
    for (const name of this.present()) this.column(name);
  }

  /** The rows of one series, in order. */
  rowsOf(series: number): Uint32Array {
    this.rowIndex ??= indexRows(this.series);
    const { starts, rows } = this.rowIndex;
    return series + 1 < starts.length ? rows.subarray(starts[series], starts[series + 1]) : rows.subarray(0, 0);
  }

  /** Numbers of the series that have rows. */
  seriesNumbers(): number[] {
    this.rowIndex ??= indexRows(this.series);
    const { starts } = this.rowIndex;
    const numbers: number[] = [];
    for (let one = 0; one + 1 < starts.length; one++) if (starts[one] !== starts[one + 1]) numbers.push(one);
    return numbers;
  }

  /** Reads single rows. Lists are views. */
  rows(): (at: number) => Row {
    const names = this.present();
    const columns = names.map((name) => this.column(name));
    return (at) => {
      const row: Partial<Record<StatisticName, number | Float32Array>> = {};
      for (let one = 0; one < columns.length; one++) {
        const value = valueAt(columns[one] as Column, at);
        if (value !== undefined) row[names[one] as StatisticName] = value;
      }
      return row as Row;
    };
  }

  private key(name: "step" | "series"): Int32Array {
    const place = this.layout.columns.get(name);
    if (place === undefined) throw new Error(`Table ${this.table}: got no column ${name}.`);
    return this.values(Int32Array, place.buffer + 1, this.length);
  }

  private validity({ node, buffer }: ColumnPlace): Uint8Array | null {
    return this.message.nullCount(node) === 0 ? null : this.values(Uint8Array, buffer, Math.ceil(this.length / 8));
  }

  private isAbsent({ node }: ColumnPlace): boolean {
    return this.message.nullCount(node) >= this.message.rows;
  }

  private readScalar(name: string): ScalarColumn | null {
    const place = this.layout.columns.get(name);
    if (place === undefined || place.list || this.isAbsent(place)) return null;
    return { values: this.values(Float64Array, place.buffer + 1, this.length), valid: this.validity(place) };
  }

  private readList(name: string): ListColumn | null {
    const place = this.layout.columns.get(name);
    if (place === undefined || !place.list || this.isAbsent(place)) return null;
    const mostValues = this.message.bufferLength(place.buffer + 3) / 4;
    const offsets = checkedOffsets(this.values(Int32Array, place.buffer + 1, this.length + 1), mostValues);
    const values = this.values(Float32Array, place.buffer + 3, offsets[this.length] as number);
    return { offsets, values, valid: this.validity(place) };
  }

  /** The first `length` values of a buffer. */
  private values<Values>(Type: ValuesType<Values>, buffer: number, length: number): Values {
    const bytes = Type.BYTES_PER_ELEMENT * length;
    const there = this.message.bufferLength(buffer);
    if (there < bytes) throw new Error(`Table ${this.table}: got a buffer of ${there} bytes, wanted ${bytes}.`);
    this.bytesRead += bytes;
    const offset = this.message.bufferOffset(buffer);
    const { body } = this;
    if (typeof body !== "function") return new Type(body.buffer, body.byteOffset + offset, length);
    const read = body(offset, bytes);
    return new Type(read.buffer, read.byteOffset, length);
  }
}

interface ValuesType<Values> {
  readonly BYTES_PER_ELEMENT: number;
  new (memory: ArrayBuffer, offset: number, length: number): Values;
}

/** Rows sorted by series: those of series s are `rows[starts[s]]` … `rows[starts[s + 1] - 1]`. */
interface RowIndex {
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

function indexRows(series: Int32Array): RowIndex {
  let most = -1;
  for (const one of series) if (one > most) most = one;
  const starts = new Uint32Array(most + 2);
  for (const one of series) starts[one + 1] = (starts[one + 1] as number) + 1;
  for (let one = 1; one < starts.length; one++) starts[one] = (starts[one] as number) + (starts[one - 1] as number);
  const next = starts.slice();
  const rows = new Uint32Array(series.length);
  for (let at = 0; at < series.length; at++) {
    const one = series[at] as number;
    rows[next[one] as number] = at;
    next[one] = (next[one] as number) + 1;
  }
  return { starts, rows };
}
