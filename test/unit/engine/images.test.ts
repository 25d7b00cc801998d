import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeBmp } from "../../../src/backend/engine/embedded/node/bmpDecoder.js";
import { decodeGif } from "../../../src/backend/engine/embedded/node/gifDecoder.js";
import { decodeJpeg, encodeJpeg } from "../../../src/backend/engine/embedded/node/jpegCodec.js";
import { withChannels } from "../../../src/backend/engine/embedded/node/picture.js";
import { decodePng } from "../../../src/backend/engine/embedded/node/pngDecoder.js";
import { encodePng } from "../../../src/backend/engine/embedded/node/pngEncoder.js";

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  // zlib.crc32 came with Node 22; the decoder does not check it.
  frame.writeUInt32BE(typeof crc32 === "function" ? crc32(body) : 0, 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly color: number;
  readonly interlaced?: boolean;
  /** Scan lines, each with its filter byte. */
  readonly lines: readonly (readonly number[])[];
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
}

function png({ width, height, depth, color, interlaced, lines, palette, transparency }: PngParts): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, color, 0, 0, interlaced ? 1 : 0], 8);
  const data = deflateSync(Buffer.from(lines.flat()));
  // Two pieces of image data, as encoders make them.
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    ...(palette ? [chunk("PLTE", Buffer.from(palette))] : []),
    ...(transparency ? [chunk("tRNS", Buffer.from(transparency))] : []),
    chunk("IDAT", data.subarray(0, 3)),
    chunk("IDAT", data.subarray(3)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("PNG", () => {
  it("undoes every filter", () => {
    const rows = [
      [10, 20, 30, 40, 50, 60],
      [11, 22, 33, 44, 55, 66],
      [200, 100, 50, 25, 12, 6],
      [7, 7, 7, 9, 9, 9],
      [255, 0, 255, 0, 255, 0],
    ];
    const filtered = rows.map((row, index) => {
      const above = rows[index - 1] ?? new Array<number>(6).fill(0);
      const line = row.map((value, at) => {
        const [left, up, corner] = [row[at - 3] ?? 0, above[at] as number, (at >= 3 ? above[at - 3] : 0) as number];
        const guess = left + up - corner;
        const nearest = [left, up, corner].reduce((best, next) =>
          Math.abs(guess - next) < Math.abs(guess - best) ? next : best,
        );
        return (value - ([0, left, up, (left + up) >> 1, nearest][index] as number)) & 255;
      });
      return [index, ...line];
    });
    const picture = decodePng(png({ width: 2, height: 5, depth: 8, color: 2, lines: filtered }));
    expect(picture).toMatchObject({ width: 2, height: 5, channels: 3 });
    expect(Array.from(picture.pixels)).toEqual(rows.flat());
  });

  it.each([
    { depth: 1, line: [0b10100000], wanted: [255, 0, 255] },
    { depth: 2, line: [0b00011100], wanted: [0, 85, 255] },
    { depth: 4, line: [0x0f, 0x70], wanted: [0, 255, 119] },
    { depth: 16, line: [1, 2, 3, 4, 255, 254], wanted: [1, 3, 255] },
  ])("gray of $depth bits", ({ depth, line, wanted }) => {
    const bytes = png({ width: 3, height: 1, depth, color: 0, lines: [[0, ...line]] });
    expect(Array.from(decodePng(bytes).pixels)).toEqual(wanted);
  });

  it("looks colours up, with and without transparency", () => {
    const parts = { width: 3, height: 1, depth: 2, color: 3, lines: [[0, 0b00_01_10_00]] };
    const palette = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(Array.from(decodePng(png({ ...parts, palette })).pixels)).toEqual(palette);
    const picture = decodePng(png({ ...parts, palette, transparency: [0, 128] }));
    expect(picture.channels).toBe(4);
    expect(Array.from(picture.pixels)).toEqual([1, 2, 3, 0, 4, 5, 6, 128, 7, 8, 9, 255]);
  });

  it("puts Adam7's passes together", () => {
    // 3 × 3: passes 1 (0,0), 4 (0,2), 5 (2,0 and 2,2), 6 (0,1 and 2,1), 7 (1,0 1,1 1,2).
    const lines = [
      [0, 1],
      [0, 3],
      [0, 7, 9],
      [0, 2],
      [0, 8],
      [0, 4, 5, 6],
    ];
    const bytes = png({ width: 3, height: 3, depth: 8, color: 0, interlaced: true, lines });
    expect(Array.from(decodePng(bytes).pixels)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([1, 2, 3, 4])("comes back with %i channels", (channels) => {
    const pixels = Uint8Array.from({ length: 5 * 7 * channels }, (_, index) => (index * 37) % 256);
    const picture = { width: 5, height: 7, channels, pixels };
    expect(decodePng(encodePng(picture, 6))).toEqual(picture);
  });

  it("refuses what is not there", () => {
    expect(() => decodePng(Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10]))).toThrow("no header");
  });
});

describe("channels", () => {
  const picture = { width: 2, height: 1, channels: 4, pixels: Uint8Array.from([255, 0, 0, 9, 10, 20, 30, 200]) };
  it("are taken away, added and mixed", () => {
    expect(Array.from(withChannels(picture, 3).pixels)).toEqual([255, 0, 0, 10, 20, 30]);
    expect(Array.from(withChannels(picture, 1).pixels)).toEqual([76, 18]);
    const gray = { width: 2, height: 1, channels: 1, pixels: Uint8Array.from([5, 6]) };
    expect(Array.from(withChannels(gray, 3).pixels)).toEqual([5, 5, 5, 6, 6, 6]);
    expect(Array.from(withChannels(gray, 4).pixels)).toEqual([5, 5, 5, 255, 6, 6, 6, 255]);
    expect(withChannels(picture, 0)).toBe(picture);
    expect(() => withChannels(picture, 2)).toThrow("got channels 2, wanted 0, 1, 3 or 4");
  });
});

describe("JPEG", () => {
  const [width, height] = [48, 32];
  const ramp = Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    return [(pixel % width) * 5, Math.floor(pixel / width) * 7, 128][index % 3] as number;
  });
  it("keeps a smooth picture to within 4 of 255", () => {
    const picture = decodeJpeg(encodeJpeg({ width, height, channels: 3, pixels: ramp }, 95), 0, 1, false);
    expect(picture).toMatchObject({ width, height, channels: 3 });
    expect(Math.max(...picture.pixels.map((value, index) => Math.abs(value - (ramp[index] as number))))).toBeLessThan(
      5,
    );
  });

  it("gives gray and smaller pictures", () => {
    const bytes = encodeJpeg({ width, height, channels: 3, pixels: ramp }, 95);
    expect(decodeJpeg(bytes, 1, 1, false)).toMatchObject({ width, height, channels: 1 });
    const half = decodeJpeg(bytes, 3, 2, false);
    expect(half).toMatchObject({ width: 24, height: 16, channels: 3 });
    // The mean of four neighbours of a ramp of 5 and 7 a pixel.
    expect(half.pixels[0]).toBeLessThan(7);
    expect(Math.abs((half.pixels[3 * 23] as number) - 232.5)).toBeLessThan(5);
    expect(() => decodeJpeg(bytes, 4, 1, false)).toThrow("got channels 4, wanted 0, 1 or 3");
  });
});

describe("BMP", () => {
  function bmp(bits: number, width: number, height: number, data: readonly number[]): Uint8Array {
    const header = Buffer.alloc(54);
    header.write("BM", "latin1");
    header.writeUInt32LE(54, 10);
    header.writeInt32LE(width, 18);
    header.writeInt32LE(height, 22);
    header.writeUInt16LE(bits, 28);
    return Buffer.concat([header, Buffer.from(data)]);
  }
  it("turns rows and colours round", () => {
    const upwards = bmp(24, 1, 2, [3, 2, 1, 0, 6, 5, 4, 0]);
    expect(decodeBmp(upwards)).toEqual({
      width: 1,
      height: 2,
      channels: 3,
      pixels: Uint8Array.from([4, 5, 6, 1, 2, 3]),
    });
    const downwards = bmp(24, 1, -2, [3, 2, 1, 0, 6, 5, 4, 0]);
    expect(Array.from(decodeBmp(downwards).pixels)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Array.from(decodeBmp(bmp(32, 1, 1, [3, 2, 1, 200])).pixels)).toEqual([1, 2, 3, 200]);
    expect(Array.from(decodeBmp(bmp(8, 2, 1, [7, 9, 0, 0])).pixels)).toEqual([7, 9]);
  });
  it("refuses what it cannot read", () => {
    expect(() => decodeBmp(bmp(16, 1, 1, [0, 0, 0, 0]))).toThrow("got 16 bits a pixel, wanted 8, 24 or 32");
    expect(() => decodeBmp(bmp(24, 9, 9, [0]))).toThrow("cut off");
  });
});

describe("GIF", () => {
  it("lays frames over each other", () => {
    // Two colours, two frames: 2 × 1 red and white, then one blue pixel on the left.
    const bytes = Uint8Array.from([
      ...Buffer.from("GIF89a", "latin1"),
      ...[2, 0, 1, 0, 0x81, 0, 0],
      ...[255, 0, 0, 255, 255, 255, 0, 0, 255, 0, 0, 0],
      ...[0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x44, 0x0a, 0],
      ...[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x54, 0x01, 0],
      0x3b,
    ]);
    const { shape, pixels } = decodeGif(bytes);
    expect(shape).toEqual([2, 1, 2, 3]);
    expect(Array.from(pixels)).toEqual([255, 0, 0, 255, 255, 255, 0, 0, 255, 255, 255, 255]);
  });
});
