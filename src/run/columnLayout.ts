import type { ArrowField, BatchMessage } from "./arrowMetadata.js";

/** Where each column of a table lies among a batch's nodes and buffers. */
export interface ColumnLayout {
  readonly columns: ReadonlyMap<string, ColumnPlace>;
  /** All but `step` and `series`, in the order in which they are stored. */
  readonly statistics: readonly ColumnPlace[];
}

export interface ColumnPlace {
  readonly name: string;
  readonly list: boolean;
  readonly node: number;
  readonly buffer: number;
}

export function layoutOf(fields: readonly ArrowField[]): ColumnLayout {
  const columns = new Map<string, ColumnPlace>();
  let node = 0;
  let buffer = 0;
  for (const { name, list } of fields) {
    columns.set(name, { name, list, node, buffer });
    // A list has a validity bitmap and offsets, then its child's validity bitmap and values.
    node += list ? 2 : 1;
    buffer += list ? 4 : 2;
  }
  return { columns, statistics: [...columns.values()].filter(({ name }) => !isKey(name)) };
}

/** Whether every column lies in the batch's body, at full length and in its place: what reading it takes for granted. */
export function isWhole(message: BatchMessage, { columns }: ColumnLayout): boolean {
  const { rows, bodyBytes, bufferCount } = message;
  if (!Number.isInteger(rows) || rows < 0) return false;
  for (let buffer = 0; buffer < bufferCount; buffer++) {
    const offset = message.bufferOffset(buffer);
    const length = message.bufferLength(buffer);
    if (!(offset >= 0 && offset % 8 === 0 && length >= 0 && offset + length <= bodyBytes)) return false;
  }
  for (const place of columns.values()) if (!isWholeColumn(message, place)) return false;
  return true;
}

function isWholeColumn(message: BatchMessage, { name, list, node, buffer }: ColumnPlace): boolean {
  const { rows, nodeCount, bufferCount } = message;
  if (node >= nodeCount || buffer + (list ? 3 : 1) >= bufferCount) return false;
  const nulls = message.nullCount(node);
  if (nulls < 0 || nulls > rows) return false;
  if (nulls === rows && rows > 0) return true;
  const values = (list ? 4 * (rows + 1) : (isKey(name) ? 4 : 8) * rows) <= message.bufferLength(buffer + 1);
  return values && (nulls === 0 || message.bufferLength(buffer) >= Math.ceil(rows / 8));
}

function isKey(name: string): boolean {
  return name === "step" || name === "series";
}
