/** Pixels of 8 bits, rows from the top, channels together: gray, gray and alpha, RGB, or RGBA. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
}

/** As TensorFlow has libpng weigh them, in parts of 32768. */
const grayWeights = { red: 9797, green: 19234, blue: 3737 } as const;

/** The picture with 1, 3 or 4 channels as TensorFlow's decoders give them; 0 leaves it as it is. */
export function withChannels(picture: Picture, wanted: number): Picture {
  const { width, height, channels, pixels } = picture;
  if (wanted === 0 || wanted === channels) return picture;
  if (wanted !== 1 && wanted !== 3 && wanted !== 4) {
    throw new Error(`Decoding an image: got channels ${wanted}, wanted 0, 1, 3 or 4.`);
  }
  const count = width * height;
  const result = new Uint8Array(count * wanted);
  const isColor = channels >= 3;
  const hasAlpha = channels === 2 || channels === 4;
  for (let pixel = 0; pixel < count; pixel++) {
    const from = pixel * channels;
    const red = pixels[from] as number;
    const green = isColor ? (pixels[from + 1] as number) : red;
    const blue = isColor ? (pixels[from + 2] as number) : red;
    const to = pixel * wanted;
    if (wanted === 1) {
      result[to] = isColor ? (grayWeights.red * red + grayWeights.green * green + grayWeights.blue * blue) >> 15 : red;
      continue;
    }
    result[to] = red;
    result[to + 1] = green;
    result[to + 2] = blue;
    if (wanted === 4) result[to + 3] = hasAlpha ? (pixels[from + channels - 1] as number) : 255;
  }
  return { width, height, channels: wanted, pixels: result };
}
