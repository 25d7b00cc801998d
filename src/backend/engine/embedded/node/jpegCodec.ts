import * as jpeg from "jpeg-js";
import type { Picture } from "./picture.js";

const memoryLimitMegabytes = 2048;

/** `ratio`: 1, 2, 4 or 8, by which the picture is made smaller (each pixel the mean of a square). */
export function decodeJpeg(bytes: Uint8Array, channels: number, ratio: number, tolerant: boolean): Picture {
  const decoded = jpeg.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: tolerant,
    maxMemoryUsageInMB: memoryLimitMegabytes,
    maxResolutionInMP: Number.MAX_SAFE_INTEGER,
  });
  const own = componentsOf(bytes) === 1 ? 1 : 3;
  const wanted = channels === 0 ? own : channels;
  if (wanted !== 1 && wanted !== 3) throw new Error(`decodeJpeg: got channels ${channels}, wanted 0, 1 or 3.`);
  const { width, height, data } = decoded;
  const pixels = wanted === 3 ? data : lightness(data);
  return shrink({ width, height, channels: wanted, pixels }, ratio);
}

/** The Y of Y'CbCr, which is what a JPEG keeps. */
function lightness(rgb: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: rgb.length / 3 }, (_, pixel) =>
    Math.round(
      0.299 * (rgb[3 * pixel] as number) +
        0.587 * (rgb[3 * pixel + 1] as number) +
        0.114 * (rgb[3 * pixel + 2] as number),
    ),
  );
}

/** From the frame header (SOF). */
function componentsOf(bytes: Uint8Array): number {
  for (let at = 2; at + 9 < bytes.length; ) {
    const marker = bytes[at + 1] as number;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return bytes[at + 9] as number;
    at += 2 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
  }
  return 3;
}

function shrink(picture: Picture, ratio: number): Picture {
  if (ratio === 1) return picture;
  const { channels } = picture;
  const [width, height] = [Math.ceil(picture.width / ratio), Math.ceil(picture.height / ratio)];
  const pixels = new Uint8Array(width * height * channels);
  for (let index = 0; index < pixels.length; index++) {
    const channel = index % channels;
    const column = Math.floor(index / channels) % width;
    const row = Math.floor(index / channels / width);
    let sum = 0;
    let count = 0;
    for (let y = row * ratio; y < Math.min(picture.height, (row + 1) * ratio); y++) {
      for (let x = column * ratio; x < Math.min(picture.width, (column + 1) * ratio); x++) {
        sum += picture.pixels[(y * picture.width + x) * channels + channel] as number;
        count++;
      }
    }
    pixels[index] = Math.round(sum / count);
  }
  return { width, height, channels, pixels };
}

export function encodeJpeg({ width, height, channels, pixels }: Picture, quality: number): Uint8Array {
  if (channels !== 1 && channels !== 3) throw new Error(`encodeJpeg: got ${channels} channels, wanted 1 or 3.`);
  const rgba = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgba[4 * pixel + channel] = pixels[pixel * channels + (channels === 3 ? channel : 0)] as number;
    }
    rgba[4 * pixel + 3] = 255;
  }
  return new Uint8Array(jpeg.encode({ width, height, data: rgba }, quality).data);
}
