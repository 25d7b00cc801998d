import { deflateSync } from "node:zlib";
import { crc32, crcTable } from "./crc.js";
import type { Picture } from "./picture.js";

const table = crcTable(0xedb88320);
const colorOf: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 };

/** `level`: zlib's, -1 for its default. */
export function encodePng({ width, height, channels, pixels }: Picture, level: number): Uint8Array {
  const color = colorOf[channels];
  if (color === undefined) throw new Error(`encodePng: got ${channels} channels, wanted 1, 2, 3 or 4.`);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, color], 8);
  const rowBytes = width * channels;
  // Every row begins with its filter: none.
  const lines = Buffer.alloc((rowBytes + 1) * height);
  for (let row = 0; row < height; row++) {
    lines.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const parts = [
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines, { level })),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

function chunk(type: string, data: Buffer): Buffer {
  const result = Buffer.alloc(data.length + 12);
  result.writeUInt32BE(data.length, 0);
  result.write(type, 4, "latin1");
  result.set(data, 8);
  result.writeUInt32BE(crc32(table, result.subarray(4, data.length + 8)), data.length + 8);
  return result;
}
