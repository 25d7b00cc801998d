/// <reference path="./omggif.d.ts" />
import { GifReader } from "omggif";

/** All frames as RGB, [frames, height, width, 3]; a frame that covers a part is laid over the one before. */
export function decodeGif(bytes: Uint8Array): {
  readonly shape: [number, number, number, number];
  readonly pixels: Uint8Array;
} {
  const reader = new GifReader(bytes);
  const { width, height } = reader;
  const frames = reader.numFrames();
  const canvas = new Uint8Array(width * height * 4);
  const pixels = new Uint8Array(frames * width * height * 3);
  for (let frame = 0; frame < frames; frame++) {
    reader.decodeAndBlitFrameRGBA(frame, canvas);
    const start = frame * width * height * 3;
    for (let pixel = 0; pixel < width * height; pixel++) {
      pixels.set(canvas.subarray(4 * pixel, 4 * pixel + 3), start + 3 * pixel);
    }
  }
  return { shape: [frames, height, width, 3], pixels };
}
