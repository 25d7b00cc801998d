import type { Picture } from "./picture.js";

/** Uncompressed bitmaps of 8 (gray), 24 and 32 bits, which are what TensorFlow reads. */
export function decodeBmp(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 54) throw new Error(`Decoding a BMP: got ${bytes.length} bytes, wanted at least 54.`);
  const start = view.getUint32(10, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const bits = view.getUint16(28, true);
  const channels = bits / 8;
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new Error(`Decoding a BMP: got ${bits} bits a pixel, wanted 8, 24 or 32.`);
  }
  const rowBytes = (width * channels + 3) & ~3;
  if (width <= 0 || start + rowBytes * height > bytes.length) throw new Error("Decoding a BMP: it is cut off.");
  const pixels = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    // Rows run upwards unless the height is negative.
    const from = start + (signedHeight < 0 ? row : height - 1 - row) * rowBytes;
    for (let column = 0; column < width; column++) {
      const to = (row * width + column) * channels;
      const at = from + column * channels;
      pixels.set(bytes.subarray(at, at + channels), to);
      if (channels >= 3) {
        pixels[to] = bytes[at + 2] as number;
        pixels[to + 2] = bytes[at] as number;
      }
    }
  }
  return { width, height, channels, pixels };
}
