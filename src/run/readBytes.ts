import { readSync } from "node:fs";

/** All of `length` bytes, in memory of their own. Throws where the file ends before. */
export function readBytes(file: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  let got = 0;
  while (got < length) {
    const count = readSync(file, bytes, got, length - got, offset + got);
    if (count === 0) throw new Error(`Got ${got} bytes at ${offset}, wanted ${length}.`);
    got += count;
  }
  return bytes;
}
