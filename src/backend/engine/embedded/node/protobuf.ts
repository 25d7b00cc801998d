/** The few wire types of https://protobuf.dev/programming-guides/encoding/ that event files use. */
export type Field = Uint8Array;

const utf8 = new TextEncoder();

export function message(...fields: readonly Field[]): Uint8Array {
  return new Uint8Array(Buffer.concat(fields));
}

/** int32, int64, bool, enum. Negative numbers are not needed. */
export function integer(field: number, value: number): Field {
  return message(varint(field << 3), varint(value));
}

export function double(field: number, value: number): Field {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return message(varint((field << 3) | 1), bytes);
}

export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message(varint((field << 3) | 5), bytes);
}

/** A string, bytes or a nested message. */
export function nested(field: number, value: string | Uint8Array): Field {
  const bytes = typeof value === "string" ? utf8.encode(value) : value;
  return message(varint((field << 3) | 2), varint(bytes.length), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}
