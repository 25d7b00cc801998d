import type { ArrowField, BatchMessage, BufferPlace } from "./arrowMetadata.js";

/** Where each column of a table lies among a batch's nodes and buffers. */
export interface ColumnLayout {
  readonly columns: ReadonlyMap<string, ColumnPlace>;
}

export interface ColumnPlace {
  readonly list: boolean;
  readonly node: number;
  readonly buffer: number;
}

export function layoutOf(fields: readonly ArrowField[]): ColumnLayout {
  const columns = new Map<string, ColumnPlace>();
  let node = 0;
  let buffer = 0;
  for (const field of fields) {
    columns.set(field.name, { list: field.list, node, buffer });
    // A list has a validity bitmap and offsets, then its child's validity bitmap and values.
    node += field.list ? 2 : 1;
    buffer += field.list ? 4 : 2;
  }
  return { columns };
}

/** Whether every column lies in the batch's body, at full length and in its place: what reading it takes for granted. */
export function isWhole({ rows, bodyBytes, buffers, nullCounts }: BatchMessage, { columns }: ColumnLayout): boolean {
  if (!Number.isInteger(rows) || rows < 0) return false;
  const isInBody = ({ offset, length }: BufferPlace) =>
    offset >= 0 && offset % 8 === 0 && length >= 0 && offset + length <= bodyBytes;
  if (!buffers.every(isInBody)) return false;
  const holds = (index: number, bytes: number) => (buffers[index]?.length ?? -1) >= bytes;
  return [...columns].every(([name, { list, node, buffer }]) => {
    const nulls = nullCounts[node];
    if (nulls === undefined || nulls < 0 || nulls > rows) return false;
    if (nulls === rows && rows > 0) return holds(buffer + (list ? 3 : 1), 0);
    const isKey = name === "step" || name === "series";
    const values = list
      ? holds(buffer + 1, 4 * (rows + 1)) && holds(buffer + 3, 0)
      : holds(buffer + 1, (isKey ? 4 : 8) * rows);
    return values && (nulls === 0 || holds(buffer, Math.ceil(rows / 8)));
  });
}
