/**
 * Backend → recorder worker: what the training thread hands over.
 * Numbers travel as rows in shared memory (rowRing.ts), everything else as plain objects on one port. Each message says
 * which rows came before it, so that all is taken in order.
 */

import type { EngineInfo, LayerInfo, RunEvent, RunStatus, WeightInfo } from "../run/format.js";
import type { ProbeOptions } from "../run/probes.js";
import {
  emptyRow,
  listColumns,
  type Row,
  scalarColumns,
  type TableName,
  tableNames,
  type WritableRow,
} from "../stats/catalogue.js";
import type { Running } from "../stats/derivedRows.js";
import type { ToTraining } from "./control.js";
import { restartMark } from "./rowRing.js";

export interface ToRecorderInOrder {
  /** `RowRing.written` when this was posted: rows up to there come first. */
  readonly rowsBefore: number;
  readonly message: ToRecorder;
}

export type ToRecorder =
  | StartMessage
  | RowsMessage
  | LayersMessage
  | RunningMessage
  | EngineMessage
  | EventMessage
  | ProgressMessage
  | FlushMessage
  | EndMessage;

export interface StartMessage {
  readonly type: "start";
  /** The run's folder; made by the worker when it is not there. */
  readonly folder: string;
  readonly id: string;
  readonly launch: string | null;
  readonly parent: string | null;
  readonly script: { readonly path: string; readonly arguments: readonly string[]; readonly workingFolder: string };
  readonly startedAt: string;
  readonly processId: number;
  readonly budget: string;
  readonly probes?: ProbeOptions;
  /** Largest size of the run folder in bytes; beyond it old steps are thinned. */
  readonly diskLimitBytes: number;
  /**
   * Five int32: [0] flushes answered (Atomics.notify on each), [1] bytes of `rows` messages received and written,
   * [2] messages posted so far: while there are some under way, rows in the ring may come after them,
   * [3] microseconds that the worker has been busy, until somebody takes them,
   * [4] messages that the worker has posted so far.
   */
  readonly shared: SharedArrayBuffer;
  /** Memory of the `RowRing`. */
  readonly ring: SharedArrayBuffer;
}

/** Rows for which the ring had no room. */
export interface RowsMessage {
  readonly type: "rows";
  readonly values: Float64Array;
}

/** New layers and weights, in index order; re-sent whole when something about one changed. */
export interface LayersMessage {
  readonly type: "layers";
  readonly layers: readonly LayerInfo[];
  readonly weights: readonly WeightInfo[];
}

/** A BatchNorm layer's running statistics, where they are not what its last row says. */
export interface RunningMessage {
  readonly type: "running";
  readonly series: number;
  readonly running: Running;
}

export interface EngineMessage {
  readonly type: "engine";
  readonly engine: EngineInfo;
}

export interface EventMessage {
  readonly type: "event";
  readonly event: RunEvent;
}

export interface ProgressMessage {
  readonly type: "progress";
  readonly epoch: {
    readonly current: number;
    readonly total: number | null;
    readonly stepsPerEpoch: number | null;
  } | null;
  readonly overheadPercent: number | null;
  readonly skippedSteps: number;
  /** For each layer: steps in which it had a training pass. */
  readonly layerSteps: readonly number[];
}

/** Write everything now, then add 1 to shared[0] and notify. */
export interface FlushMessage {
  readonly type: "flush";
}

/** The process is about to end; flush follows. */
export interface EndMessage {
  readonly type: "end";
  readonly status: RunStatus;
  readonly exitCode: number | null;
  readonly error: { readonly message: string; readonly stack: string | null } | null;
}

/** Recorder worker → backend. */
export type FromRecorder = FailedMessage | ControlMessage;

/** The worker could not go on; nothing is written any more, flushes are still answered. */
export interface FailedMessage {
  readonly type: "failed";
  readonly message: string;
}

/** A request of the control socket that concerns the training thread. */
export interface ControlMessage {
  readonly type: "control";
  readonly request: ToTraining;
}

/** Most float64 that a row can take: see `encodeRow`. */
export function encodedLength(table: TableName, row: Row): number {
  const lists: readonly (keyof Row)[] = listColumns[table];
  let length = 5 + scalarColumns[table].length + lists.length;
  for (const name of lists) length += (row[name] as ArrayLike<number> | undefined)?.length ?? 0;
  return length;
}

/**
 * Row layout, all float64: table index, step, series, presence mask of the scalars, presence mask of the lists,
 * then the present scalars in catalogue order, then for each present list its length and its values.
 * @returns the number of float64 written from `head` on
 */
export function encodeRow(
  values: Float64Array,
  head: number,
  table: TableName,
  step: number,
  series: number,
  row: Row,
): number {
  values[head] = tableNames.indexOf(table);
  values[head + 1] = step;
  values[head + 2] = series;
  let at = head + 5;
  let mask = 0;
  let bit = 1;
  for (const name of scalarColumns[table] as readonly (keyof Row)[]) {
    const value = row[name];
    if (value !== undefined) {
      mask += bit;
      values[at++] = value as number;
    }
    bit *= 2;
  }
  values[head + 3] = mask;
  mask = 0;
  bit = 1;
  for (const name of listColumns[table] as readonly (keyof Row)[]) {
    const list = row[name] as ArrayLike<number> | undefined;
    if (list !== undefined) {
      mask += bit;
      values[at++] = list.length;
      values.set(list, at);
      at += list.length;
    }
    bit *= 2;
  }
  values[head + 4] = mask;
  return at - head;
}

/** Rows that wait to be sent in a message of their own. */
export class RowEncoder {
  private values = new Float64Array(0);
  private used = 0;

  constructor(private readonly chunkLength = 8192) {}

  /** Number of float64 waiting. */
  get length(): number {
    return this.used;
  }

  add(table: TableName, step: number, series: number, row: Row): void {
    this.reserve(encodedLength(table, row));
    this.used += encodeRow(this.values, this.used, table, step, series, row);
  }

  /** The rows so far, in a buffer of their own; the encoder starts afresh. */
  take(): Float64Array {
    const taken = this.values.slice(0, this.used);
    this.values = new Float64Array(0);
    this.used = 0;
    return taken;
  }

  private reserve(length: number): void {
    if (this.used + length <= this.values.length) return;
    const grown = new Float64Array(Math.max(this.values.length * 2, this.used + length, this.chunkLength));
    grown.set(this.values.subarray(0, this.used));
    this.values = grown;
  }
}

export interface DecodedRow {
  readonly table: TableName;
  readonly step: number;
  readonly series: number;
  readonly row: WritableRow;
}

/** Reads what `encodeRow` wrote, up to the end or the ring's mark. Lists are views into `values`. */
export function* decodeRows(values: Float64Array): Generator<DecodedRow> {
  let at = 0;
  while (at < values.length) {
    if (values[at] === restartMark) return;
    const table = tableNames[values[at] ?? Number.NaN];
    if (table === undefined)
      throw new Error(`Row at ${at}: got table number ${values[at]}, wanted 0..${tableNames.length - 1}.`);
    const step = values[at + 1] as number;
    const series = values[at + 2] as number;
    let scalarMask = values[at + 3] as number;
    let listMask = values[at + 4] as number;
    at += 5;
    const row = emptyRow(table);
    for (const name of scalarColumns[table]) {
      if (scalarMask % 2 === 1) row[name] = values[at++] as number;
      scalarMask = Math.floor(scalarMask / 2);
    }
    for (const name of listColumns[table]) {
      if (listMask % 2 === 1) {
        const length = values[at++] as number;
        row[name] = values.subarray(at, at + length);
        at += length;
      }
      listMask = Math.floor(listMask / 2);
    }
    yield { table, step, series, row };
  }
}
