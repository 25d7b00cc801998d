import { isDark, type Theme } from "../shared/theme.js";

type Colour = readonly [number, number, number];

/**
 * Blue to yellow with steadily rising (dark) or falling (light) lightness: read by lightness alone, so that it
 * holds for every kind of colour vision and in grey. The low end is near the background: health is quiet.
 */
const darkRamp: readonly Colour[] = [
  [22, 36, 62],
  [44, 70, 118],
  [98, 104, 128],
  [164, 148, 104],
  [224, 192, 62],
  [255, 243, 160],
];
const lightRamp: readonly Colour[] = [
  [240, 238, 224],
  [226, 206, 122],
  [184, 156, 90],
  [124, 122, 122],
  [62, 90, 146],
  [10, 40, 92],
];

/** Colour for a share 0..1 of the scale. */
export function rampColour(share: number, theme: Theme): Colour {
  const ramp = isDark(theme) ? darkRamp : lightRamp;
  const at = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const low = Math.min(ramp.length - 2, Math.floor(at));
  const a = ramp[low] as Colour;
  const b = ramp[low + 1] as Colour;
  const part = at - low;
  return [0, 1, 2].map((i) =>
    Math.round((a[i] as number) + part * ((b[i] as number) - (a[i] as number))),
  ) as unknown as Colour;
}

/** 256 colours as bytes, for image data. */
export function rampTable(theme: Theme): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) table.set([...rampColour(i / 255, theme), 255], i * 4);
  return table;
}

/** A CSS colour of the theme as bytes. */
export function toBytes(colour: string): readonly [number, number, number] {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  if (context === null) return [255, 0, 0];
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 255, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/** The scale as a strip, low end on the left. */
export function paintRamp(context: CanvasRenderingContext2D, widthPx: number, heightPx: number, theme: Theme): void {
  for (let x = 0; x < widthPx; x++) {
    context.fillStyle = `rgb(${rampColour(x / Math.max(1, widthPx - 1), theme).join(" ")})`;
    context.fillRect(x, 0, 1, heightPx);
  }
}
