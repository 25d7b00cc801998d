// Gradients of convolutions, NHWC, float32. Sizes count elements, pointers are byte offsets. Functions that begin with
// `from` and `until` do a part of the work; parts may run in several threads at once.

import { gemm, gemmScratch } from "./gemm";

/**
 * dW[kh, kw, i, o] = Σ x[n, oh·s + kh − top, ow·s + kw − left, i] · dy[n, oh, ow, o], over what lies within x.
 * `outChannels` is a multiple of 8. For one kh, (kw, i) lies in one piece in x, so four of them by eight output channels
 * are kept in registers over an image. Four taps must end within x alike: either there are no edges (x is padded already,
 * `top` and `left` are 0), or `inChannels` is a multiple of four. The batch is taken in `groups`, each with a sum of its
 * own in `dw` (zero at the start), so that the result does not depend on how many threads share them.
 */
export function filterGradientGroups(
  from: i32, until: i32, thread: i32,
  x: usize, dy: usize, dw: usize, groups: i32,
  batch: i32, height: i32, width: i32, inChannels: i32,
  outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const taps = filterWidth * inChannels;
  const xRow: usize = (strideHeight * width * inChannels) << 2;
  const xColumn: usize = (strideWidth * inChannels) << 2;
  const dyColumn: usize = outChannels << 2;
  const dyRow: usize = (outWidth * outChannels) << 2;
  const size: usize = (filterHeight * taps * outChannels) << 2;
  const first = from * batch / groups;
  const last = until * batch / groups;
  let group = from;
  for (let n = first; n < last; n++) {
    while (n >= (group + 1) * batch / groups) group++;
    const sums = dw + group * size;
    const image = x + ((n * height * width * inChannels) << 2);
    const error = dy + ((n * outHeight * outWidth * outChannels) << 2);
    for (let kh = 0; kh < filterHeight; kh++) {
      const firstRow = firstWithin(top - kh, strideHeight);
      const rows = endWithin(height + top - kh, strideHeight, outHeight) - firstRow;
      const row = image + (((firstRow * strideHeight + kh - top) * width * inChannels) << 2);
      const target = sums + ((kh * taps * outChannels) << 2);
      for (let o = 0; o < outChannels; o += 8) {
        let tap = 0;
        for (; tap < taps; ) {
          const kw = tap / inChannels;
          const firstColumn = firstWithin(left - kw, strideWidth);
          const columns = endWithin(width + left - kw, strideWidth, outWidth) - firstColumn;
          const from = row + (((firstColumn * strideWidth - left) * inChannels + tap) << 2);
          const errors = error + (firstRow as usize) * dyRow + (((firstColumn * outChannels) + o) << 2);
          const to = target + ((tap * outChannels + o) << 2);
          if (tap + 4 <= taps) {
            if (rows > 0 && columns > 0) fourTaps(from, xRow, xColumn, errors, dyRow, dyColumn, to, rows, columns);
            tap += 4;
          } else {
            if (rows > 0 && columns > 0) oneTap(from, xRow, xColumn, errors, dyRow, dyColumn, to, rows, columns);
            tap++;
          }
        }
      }
    }
  }
}

/** The first of the places s·k that is not less than `edge`. */
// @ts-ignore: decorator
@inline
function firstWithin(edge: i32, stride: i32): i32 {
  return edge <= 0 ? 0 : (edge + stride - 1) / stride;
}

/** How many of the places s·k, `count` at most, are less than `edge`. */
// @ts-ignore: decorator
@inline
function endWithin(edge: i32, stride: i32, count: i32): i32 {
  return edge <= 0 ? 0 : min(count, (edge + stride - 1) / stride);
}

function fourTaps(
  x: usize, xRow: usize, xColumn: usize, dyTop: usize, dyRow: usize, dyColumn: usize, dw: usize, rows: i32, columns: i32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let row = 0; row < rows; row++) {
    let at = x;
    let dy = dyTop;
    for (let column = 0; column < columns; column++) {
      const b0 = v128.load(dy);
      const b1 = v128.load(dy, 16);
      const s0 = v128.load32_splat(at);
      c00 = f32x4.add(c00, f32x4.mul(s0, b0));
      c01 = f32x4.add(c01, f32x4.mul(s0, b1));
      const s1 = v128.load32_splat(at, 4);
      c10 = f32x4.add(c10, f32x4.mul(s1, b0));
      c11 = f32x4.add(c11, f32x4.mul(s1, b1));
      const s2 = v128.load32_splat(at, 8);
      c20 = f32x4.add(c20, f32x4.mul(s2, b0));
      c21 = f32x4.add(c21, f32x4.mul(s2, b1));
      const s3 = v128.load32_splat(at, 12);
      c30 = f32x4.add(c30, f32x4.mul(s3, b0));
      c31 = f32x4.add(c31, f32x4.mul(s3, b1));
      at += xColumn;
      dy += dyColumn;
    }
    x += xRow;
    dyTop += dyRow;
  }
  add(dw, c00, c01);
  add(dw + dyColumn, c10, c11);
  add(dw + 2 * dyColumn, c20, c21);
  add(dw + 3 * dyColumn, c30, c31);
}

function oneTap(
  x: usize, xRow: usize, xColumn: usize, dyTop: usize, dyRow: usize, dyColumn: usize, dw: usize, rows: i32, columns: i32,
): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  for (let row = 0; row < rows; row++) {
    let at = x;
    let dy = dyTop;
    for (let column = 0; column < columns; column++) {
      const s = v128.load32_splat(at);
      c0 = f32x4.add(c0, f32x4.mul(s, v128.load(dy)));
      c1 = f32x4.add(c1, f32x4.mul(s, v128.load(dy, 16)));
      at += xColumn;
      dy += dyColumn;
    }
    x += xRow;
    dyTop += dyRow;
  }
  add(dw, c0, c1);
}

// @ts-ignore: decorator
@inline
function add(to: usize, low: v128, high: v128): void {
  v128.store(to, f32x4.add(v128.load(to), low));
  v128.store(to, f32x4.add(v128.load(to, 16), high), 16);
}

/** The sum of `groups` pieces of `length` values, into the first. */
export function addGroups(values: usize, groups: i32, length: i32): void {
  for (let group = 1; group < groups; group++) addRun(values, values + ((group * length) << 2), length);
}

/**
 * dx of images first to last − 1: dy times the filter, each product then added to where it belongs. `dx` is zero at
 * the start; `scratch` holds, for each thread, what `productScratch` says.
 */
export function inputGradientByProducts(
  from: i32, until: i32, thread: i32,
  dy: usize, filter: usize, dx: usize, scratch: usize,
  height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const positions = outHeight * outWidth;
  const products = filterHeight * filterWidth * inChannels;
  const own = scratch + thread * productScratch(positions, products, outChannels);
  const packed = own + ((positions * products) << 2);
  for (let n = from; n < until; n++) {
    const error = dy + ((n * positions * outChannels) << 2);
    gemm(error, outChannels, 1, filter, 1, outChannels, own, positions, products, outChannels, packed);
    scatterProducts(
      own, dx + ((n * height * width * inChannels) << 2), height, width, inChannels, outHeight, outWidth,
      filterHeight, filterWidth, strideHeight, strideWidth, top, left,
    );
  }
}

export function productScratch(positions: i32, products: i32, outChannels: i32): i32 {
  return (positions * products * 4 + gemmScratch(products, outChannels) + 15) & ~15;
}

/**
 * Adds one image's products [outHeight, outWidth, filterHeight, filterWidth, channels] of dy and the filter to where
 * they belong in dx [height, width, channels]; what falls into the padding is dropped.
 */
function scatterProducts(
  products: usize, dx: usize, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const run: usize = (filterWidth * channels) << 2;
  for (let oh = 0; oh < outHeight; oh++) {
    for (let ow = 0; ow < outWidth; ow++) {
      const column = ow * strideWidth - left;
      const first = max(0, -column);
      const last = min(filterWidth, width - column);
      for (let kh = 0; kh < filterHeight; kh++) {
        const row = oh * strideHeight - top + kh;
        if (row >= 0 && row < height && first < last) {
          addRun(
            dx + (((row * width + column + first) * channels) << 2),
            products + ((first * channels) << 2),
            (last - first) * channels,
          );
        }
        products += run;
      }
    }
  }
}

/** to[i] += from[i]. */
function addRun(to: usize, from: usize, length: i32): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; i < length; i++) {
    f32.store(to, f32.load(to) + f32.load(from));
    to += 4;
    from += 4;
  }
}

/** filter [h, w, in, out] turned by 180° with its channels exchanged: [h, w, out, in]. */
export function turnFilter(filter: usize, to: usize, positions: i32, inChannels: i32, outChannels: i32): void {
  for (let position = positions - 1; position >= 0; position--) {
    const from = filter + ((position * inChannels * outChannels) << 2);
    for (let o = 0; o < outChannels; o++) {
      let at = from + (o << 2);
      for (let i = 0; i < inChannels; i++) {
        f32.store(to, f32.load(at));
        to += 4;
        at += outChannels << 2;
      }
    }
  }
}

/**
 * dx[h, w, i] = Σ dy[oh, ow, o] · filter[kh, kw, i, o] over the taps that reach (h, w), value by value: for inputs of few
 * channels (the first layer), where there is nothing to gather in registers but the output channels.
 */
export function inputGradientOfFew(
  from: i32, until: i32, thread: i32,
  dy: usize, filter: usize, dx: usize,
  height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const length: usize = outChannels << 2;
  const vectors: usize = (outChannels & ~3) << 2;
  dx += ((from * height * width * inChannels) << 2);
  for (let n = from; n < until; n++) {
    const image = dy + n * outHeight * outWidth * length;
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) {
        for (let i = 0; i < inChannels; i++) {
          let sum = f32x4.splat(0);
          let rest: f32 = 0;
          for (let kh = 0; kh < filterHeight; kh++) {
            const row = h + top - kh;
            const oh = row / strideHeight;
            if (row < 0 || oh >= outHeight || oh * strideHeight != row) continue;
            for (let kw = 0; kw < filterWidth; kw++) {
              const column = w + left - kw;
              const ow = column / strideWidth;
              if (column < 0 || ow >= outWidth || ow * strideWidth != column) continue;
              const a = image + (oh * outWidth + ow) * length;
              const b = filter + ((kh * filterWidth + kw) * inChannels + i) * length;
              for (let o: usize = 0; o < vectors; o += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(a + o), v128.load(b + o)));
              for (let o = vectors; o < length; o += 4) rest += f32.load(a + o) * f32.load(b + o);
            }
          }
          f32.store(dx, rest + ((f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))));
          dx += 4;
        }
      }
    }
  }
}
