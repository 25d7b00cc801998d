/** Convolutions and pooling in float64, by the definition: no library, no padding, no reshaping. */

export interface Geometry {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly filter: number;
  readonly stride: number;
  readonly dilation: number;
  readonly top: number;
  readonly left: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

export type Padding = "same" | "valid" | number;

/** Output size and padding as TensorFlow defines them; a number pads that much on each side. */
export function geometry(
  sizes: Omit<Geometry, "top" | "left" | "outHeight" | "outWidth">,
  padding: Padding,
): Geometry | null {
  const reach = (sizes.filter - 1) * sizes.dilation + 1;
  const along = (size: number): [number, number] => {
    if (padding === "same") {
      const out = Math.ceil(size / sizes.stride);
      return [out, Math.floor(Math.max(0, (out - 1) * sizes.stride + reach - size) / 2)];
    }
    const pad = padding === "valid" ? 0 : padding;
    return [Math.floor((size + 2 * pad - reach) / sizes.stride) + 1, pad];
  };
  const [outHeight, top] = along(sizes.height);
  const [outWidth, left] = along(sizes.width);
  return outHeight < 1 || outWidth < 1 ? null : { ...sizes, outHeight, outWidth, top, left };
}

type Visit = (x: number, filter: number, y: number) => void;

/** Every product of a convolution: flat indices in x [N,H,W,I], filter [K,K,I,O] and y [N,oH,oW,O]. */
export function eachProduct(g: Geometry, visit: Visit): void {
  eachTap(g, (pixel, tap, position) => {
    for (let i = 0; i < g.inChannels; i++) {
      for (let o = 0; o < g.outChannels; o++) {
        visit(pixel * g.inChannels + i, (tap * g.inChannels + i) * g.outChannels + o, position * g.outChannels + o);
      }
    }
  });
}

/** The same for a depthwise convolution with `multiplier` outputs per channel: filter [K,K,I,q], y [N,oH,oW,I·q]. */
export function eachDepthwiseProduct(g: Geometry, multiplier: number, visit: Visit): void {
  eachTap(g, (pixel, tap, position) => {
    for (let i = 0; i < g.inChannels; i++) {
      for (let j = 0; j < multiplier; j++) {
        const offset = i * multiplier + j;
        const wide = g.inChannels * multiplier;
        visit(pixel * g.inChannels + i, tap * wide + offset, position * wide + offset);
      }
    }
  });
}

/** Every (input pixel, filter tap, output position) that meet. */
export function eachTap(g: Geometry, visit: Visit): void {
  for (let n = 0; n < g.batch; n++) {
    for (let oh = 0; oh < g.outHeight; oh++) {
      for (let ow = 0; ow < g.outWidth; ow++) {
        for (let kh = 0; kh < g.filter; kh++) {
          for (let kw = 0; kw < g.filter; kw++) {
            const h = oh * g.stride - g.top + kh * g.dilation;
            const w = ow * g.stride - g.left + kw * g.dilation;
            if (h < 0 || w < 0 || h >= g.height || w >= g.width) continue;
            const position = (n * g.outHeight + oh) * g.outWidth + ow;
            visit((n * g.height + h) * g.width + w, kh * g.filter + kw, position);
          }
        }
      }
    }
  }
}

/** Numbers in [-1, 1) that are the same in every run. */
export function pseudoRandom(length: number, seed: number): Float32Array {
  const values = new Float32Array(length);
  let state = seed * 2654435761;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[index] = state / 2 ** 31;
  }
  return values;
}

/** Largest difference, in units of the largest reference value. */
export function relativeError(got: ArrayLike<number>, wanted: Float64Array): number {
  let scale = 1e-30;
  let worst = 0;
  for (let index = 0; index < wanted.length; index++) {
    scale = Math.max(scale, Math.abs(wanted[index] as number));
    const difference = Math.abs((got[index] as number) - (wanted[index] as number));
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
  }
  return got.length === wanted.length ? worst / scale : Number.POSITIVE_INFINITY;
}
