import type { ListName, Row, ScalarName, TableName } from "../stats/catalogue.js";
import type { BatchMessage, BufferPlace } from "./arrowMetadata.js";
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

export function isPresent(valid: Uint8Array | null, row: number): boolean {
  return valid === null || ((valid[row >> 3] as number) & (1 << (row & 7))) !== 0;
}

/**
 * One record batch of a table, by column; `isWhole` holds of it. What is read may throw DamagedBatchError. Columns are read from `source` when they are asked for, so that one
 * statistic of one layer costs one column.
 */
export class ColumnBatch {
  readonly length: number;
  /** Bytes of the columns read so far. */
  bytesRead = 0;
  private stepColumn: Int32Array | undefined;
  private seriesColumn: Int32Array | undefined;
  private presentColumns: readonly { readonly name: string; readonly list: boolean }[] | undefined;
  private rowIndex: RowIndex | undefined;
  private readonly scalars = new Map<string, ScalarColumn | null>();
  private readonly lists = new Map<string, ListColumn | null>();

  /**
   * @param source returns the bytes of a buffer of the body, at an address that is a multiple of 8
   * @param mostRows only the first rows; of each column no more than they need is read
   */
  constructor(
    readonly table: TableName,
    private readonly layout: ColumnLayout,
    private readonly message: BatchMessage,
    private readonly source: (place: BufferPlace) => Uint8Array,
    mostRows = Number.POSITIVE_INFINITY,
  ) {
    this.length = Math.min(message.rows, mostRows);
  }

  get steps(): Int32Array {
    this.stepColumn ??= checkedSteps(this.integers("step"), this.message.steps);
    return this.stepColumn;
  }

  get series(): Int32Array {
    this.seriesColumn ??= checkedSeries(this.integers("series"));
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

  /** Names of the statistics that at least one row has. */
  present(): readonly { readonly name: string; readonly list: boolean }[] {
    this.presentColumns ??= [...this.layout.columns]
      .filter(([name]) => name !== "step" && name !== "series")
      .filter(([, place]) => !this.isAbsent(place))
      .map(([name, { list }]) => ({ name, list }));
    return this.presentColumns;
  }

  /** Reads now what damage would show in. */
  check(): void {
    void this.steps;
    void this.series;
    for (const { name, list } of this.present()) if (list) this.list(name as ListName);
  }

  /** Reads everything now. */
  load(): void {
    void this.steps;
    void this.series;
    for (const { name, list } of this.present()) {
      if (list) this.list(name as ListName);
      else this.scalar(name as ScalarName);
    }
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

  /** Everything of one row; lists are views. */
  row(at: number): Row {
    const row: Record<string, number | Float32Array> = {};
    for (const { name, list } of this.present()) {
      if (list) {
        const column = this.list(name as ListName);
        if (column !== null && isPresent(column.valid, at)) {
          row[name] = column.values.subarray(column.offsets[at], column.offsets[at + 1]);
        }
      } else {
        const column = this.scalar(name as ScalarName);
        if (column !== null && isPresent(column.valid, at)) row[name] = column.values[at] as number;
      }
    }
    return row as Row;
  }

  private integers(name: string): Int32Array {
    const place = this.layout.columns.get(name);
    if (place === undefined) throw new Error(`Table ${this.table}: got no column ${name}.`);
    return new Int32Array(...this.buffer(place.buffer + 1, 4, this.length));
  }

  private validity(place: ColumnPlace): Uint8Array | null {
    if ((this.message.nullCounts[place.node] ?? 0) === 0) return null;
    return this.read(this.place(place.buffer), Math.ceil(this.length / 8));
  }

  private isAbsent(place: ColumnPlace): boolean {
    return (this.message.nullCounts[place.node] ?? 0) >= this.message.rows;
  }

  private readScalar(name: string): ScalarColumn | null {
    const place = this.layout.columns.get(name);
    if (place === undefined || place.list || this.isAbsent(place)) return null;
    return { values: new Float64Array(...this.buffer(place.buffer + 1, 8, this.length)), valid: this.validity(place) };
  }

  private readList(name: string): ListColumn | null {
    const place = this.layout.columns.get(name);
    if (place === undefined || !place.list || this.isAbsent(place)) return null;
    const mostValues = this.place(place.buffer + 3).length / 4;
    const offsets = checkedOffsets(new Int32Array(...this.buffer(place.buffer + 1, 4, this.length + 1)), mostValues);
    const values = new Float32Array(...this.buffer(place.buffer + 3, 4, offsets[this.length] as number));
    return { offsets, values, valid: this.validity(place) };
  }

  /** The first `wanted` bytes of a buffer, or all that it has. */
  private read({ offset, length }: BufferPlace, wanted: number): Uint8Array {
    const bytes = Math.min(length, wanted);
    this.bytesRead += bytes;
    return this.source({ offset, length: bytes });
  }

  private place(index: number): BufferPlace {
    const place = this.message.buffers[index];
    if (place === undefined)
      throw new Error(`Table ${this.table}: got ${this.message.buffers.length} buffers, wanted more than ${index}.`);
    return place;
  }

  private buffer(index: number, width: number, length: number): [ArrayBufferLike, number, number] {
    const bytes = this.read(this.place(index), width * length);
    if (bytes.byteLength < width * length) {
      throw new Error(`Table ${this.table}: got a buffer of ${bytes.byteLength} bytes, wanted ${width * length}.`);
    }
    return [bytes.buffer, bytes.byteOffset, length];
  }
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
