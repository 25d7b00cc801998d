import { inflateSync } from "node:zlib";
import type { Picture } from "./picture.js";

/** https://www.w3.org/TR/png-3/ : all colour types, depths and interlacing; colour profiles are not applied. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly color: number;
  readonly interlaced: boolean;
}

const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const palettized = 3;
/** First row and column, and their steps, of Adam7's seven passes. */
const adam7 = [
  [0, 0, 8, 8],
  [0, 4, 8, 8],
  [4, 0, 8, 4],
  [0, 2, 4, 4],
  [2, 0, 4, 2],
  [0, 1, 2, 2],
  [1, 0, 2, 1],
] as const;

export function decodePng(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let header: Header | null = null;
  let palette: Uint8Array = new Uint8Array(0);
  let transparency: Uint8Array | null = null;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = readHeader(view, at + 8);
    else if (type === "PLTE") palette = data;
    else if (type === "tRNS") transparency = data;
    else if (type === "IDAT") parts.push(data);
    else if (type === "IEND") break;
    at += length + 12;
  }
  if (header === null || parts.length === 0) throw new Error("Decoding a PNG: it has no header or no image data.");
  const samples = decodeSamples(header, inflateSync(Buffer.concat(parts)));
  const { width, height } = header;
  if (header.color !== palettized)
    return { width, height, channels: samplesOf[header.color] as number, pixels: samples };
  return { width, height, ...lookUp(samples, palette, transparency) };
}

function readHeader(view: DataView, at: number): Header {
  const header = {
    width: view.getUint32(at),
    height: view.getUint32(at + 4),
    depth: view.getUint8(at + 8),
    color: view.getUint8(at + 9),
    interlaced: view.getUint8(at + 12) === 1,
  };
  if (!(header.color in samplesOf)) throw new Error(`Decoding a PNG: got colour type ${header.color}.`);
  return header;
}

/** One byte for each sample: 16 bits are cut to their upper half, fewer than 8 are stretched, indices are kept. */
function decodeSamples(header: Header, data: Uint8Array): Uint8Array {
  const { width, height, depth, interlaced } = header;
  const samples = samplesOf[header.color] as number;
  const scale = header.color === palettized || depth >= 8 ? 1 : 255 / (2 ** depth - 1);
  const result = new Uint8Array(width * height * samples);
  let at = 0;
  for (const [top, left, rowStep, columnStep] of interlaced ? adam7 : [[0, 0, 1, 1] as const]) {
    const columns = Math.ceil((width - left) / columnStep);
    const rows = Math.ceil((height - top) / rowStep);
    if (columns <= 0 || rows <= 0) continue;
    const rowBytes = Math.ceil((columns * samples * depth) / 8);
    const reach = Math.max(1, (samples * depth) >> 3);
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++) {
      const line = data.subarray(at + 1, at + 1 + rowBytes);
      unfilter(data[at] ?? 0, line, above, reach);
      for (let column = 0; column < columns; column++) {
        const to = ((top + row * rowStep) * width + left + column * columnStep) * samples;
        for (let sample = 0; sample < samples; sample++) {
          result[to + sample] = sampleAt(line, column * samples + sample, depth) * scale;
        }
      }
      above = line;
      at += rowBytes + 1;
    }
  }
  return result;
}

function sampleAt(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index] as number;
  if (depth === 16) return line[2 * index] as number;
  const bit = index * depth;
  return ((line[bit >> 3] as number) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

function unfilter(filter: number, line: Uint8Array, above: Uint8Array, reach: number): void {
  for (let index = 0; index < line.length; index++) {
    const left = index >= reach ? (line[index - reach] as number) : 0;
    const up = above[index] as number;
    const corner = index >= reach ? (above[index - reach] as number) : 0;
    line[index] = (line[index] as number) + predicted(filter, left, up, corner);
  }
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return paeth(left, up, corner);
    default:
      throw new Error(`Decoding a PNG: got filter ${filter}, wanted 0 to 4.`);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function lookUp(
  indices: Uint8Array,
  palette: Uint8Array,
  transparency: Uint8Array | null,
): { channels: number; pixels: Uint8Array } {
  const channels = transparency === null ? 3 : 4;
  const pixels = new Uint8Array(indices.length * channels);
  for (const [pixel, index] of indices.entries()) {
    pixels.set(palette.subarray(3 * index, 3 * index + 3), pixel * channels);
    if (transparency !== null) pixels[pixel * channels + 3] = transparency[index] ?? 255;
  }
  return { channels, pixels };
}
