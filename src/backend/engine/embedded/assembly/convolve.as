// Convolution, NHWC, float32, on an input that is padded already. Sizes count elements, pointers are byte offsets.

import { packColumns, put } from "./gemm";

/** Bytes of scratch memory that `convolve` needs. */
export function convolveScratch(taps: i32, outChannels: i32): i32 {
  return taps * ((outChannels + 7) & ~7) * 4;
}

// One filter row is one piece of memory in x as in the filter, unless it is dilated: then each tap is.
let pieces: i32 = 0;
let pieceLength: i32 = 0;
let pieceStep: usize = 0;
let rowStep: usize = 0;
let filterRows: i32 = 0;
let lowest: v128 = f32x4.splat(0);
let highest: v128 = f32x4.splat(0);

/** The filter [taps, outChannels] in panels of eight output channels, for `convolveImages`. */
export function packFilter(filter: usize, taps: i32, outChannels: i32, panels: usize): void {
  packColumns(filter, outChannels, 1, outChannels, taps, panels);
}

/**
 * Images first to last − 1 of a batch. Four output positions by one panel are kept in registers while all taps pass;
 * a panel serves a whole image before the next is taken. `bias` may be 0 for none; results are clamped to [low, high].
 */
export function convolveImages(
  from: i32, until: i32, thread: i32,
  x: usize, panels: usize, bias: usize, to: usize, height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, dilationHeight: i32, dilationWidth: i32,
  low: f32, high: f32,
): void {
  const taps = filterHeight * filterWidth * inChannels;
  const pixel: i32 = inChannels << 2;
  pieces = dilationWidth == 1 ? 1 : filterWidth;
  pieceLength = dilationWidth == 1 ? filterWidth * inChannels : inChannels;
  pieceStep = dilationWidth * pixel;
  rowStep = dilationHeight * width * pixel;
  filterRows = filterHeight;
  lowest = f32x4.splat(low);
  highest = f32x4.splat(high);
  const rowOut = strideHeight * width * pixel;
  const columnOut = strideWidth * pixel;
  const positions = outHeight * outWidth;
  for (let n = from; n < until; n++) {
    const image = x + n * height * width * pixel;
    const target = to + ((n * positions * outChannels) << 2);
    for (let o = 0; o < outChannels; o += 8) {
      const panel = panels + ((o * taps) << 2);
      const share = min(8, outChannels - o);
      let first = f32x4.splat(0);
      let second = first;
      if (bias != 0) {
        first = someOf(bias + (o << 2), share);
        second = share > 4 ? someOf(bias + (o << 2) + 16, share - 4) : first;
      }
      let row = 0;
      let column = 0;
      let position = 0;
      for (; position + 4 <= positions; position += 4) {
        const p0 = image + row * rowOut + column * columnOut;
        if (++column == outWidth) { column = 0; row++; }
        const p1 = image + row * rowOut + column * columnOut;
        if (++column == outWidth) { column = 0; row++; }
        const p2 = image + row * rowOut + column * columnOut;
        if (++column == outWidth) { column = 0; row++; }
        const p3 = image + row * rowOut + column * columnOut;
        if (++column == outWidth) { column = 0; row++; }
        fourPositions(p0, p1, p2, p3, panel, first, second, target + ((position * outChannels + o) << 2), outChannels << 2, share);
      }
      for (; position < positions; position++) {
        onePosition(image + row * rowOut + column * columnOut, panel, first, second, target + ((position * outChannels + o) << 2), share);
        if (++column == outWidth) { column = 0; row++; }
      }
    }
  }
}

/** The first `count` (up to four) values, zeros after them. */
function someOf(from: usize, count: i32): v128 {
  if (count >= 4) return v128.load(from);
  let values = f32x4.splat(0);
  if (count > 0) values = f32x4.replace_lane(values, 0, f32.load(from));
  if (count > 1) values = f32x4.replace_lane(values, 1, f32.load(from, 4));
  if (count > 2) values = f32x4.replace_lane(values, 2, f32.load(from, 8));
  return values;
}

// @ts-ignore: decorator
@inline
function clamped(values: v128): v128 {
  // pmin and pmax leave NaN what it is.
  return f32x4.pmin(f32x4.pmax(values, lowest), highest);
}

function fourPositions(x0: usize, x1: usize, x2: usize, x3: usize, panel: usize, first: v128, second: v128, to: usize, step: usize, share: i32): void {
  let c00 = first;
  let c01 = second;
  let c10 = first;
  let c11 = second;
  let c20 = first;
  let c21 = second;
  let c30 = first;
  let c31 = second;
  const rows = filterRows;
  const count = pieces;
  const length: usize = pieceLength << 2;
  for (let row = 0; row < rows; row++) {
    for (let piece = 0; piece < count; piece++) {
      const offset = row * rowStep + piece * pieceStep;
      let a0 = x0 + offset;
      let a1 = x1 + offset;
      let a2 = x2 + offset;
      let a3 = x3 + offset;
      const end = a0 + length;
      while (a0 < end) {
        const b0 = v128.load(panel);
        const b1 = v128.load(panel, 16);
        const s0 = v128.load32_splat(a0);
        c00 = f32x4.add(c00, f32x4.mul(s0, b0));
        c01 = f32x4.add(c01, f32x4.mul(s0, b1));
        const s1 = v128.load32_splat(a1);
        c10 = f32x4.add(c10, f32x4.mul(s1, b0));
        c11 = f32x4.add(c11, f32x4.mul(s1, b1));
        const s2 = v128.load32_splat(a2);
        c20 = f32x4.add(c20, f32x4.mul(s2, b0));
        c21 = f32x4.add(c21, f32x4.mul(s2, b1));
        const s3 = v128.load32_splat(a3);
        c30 = f32x4.add(c30, f32x4.mul(s3, b0));
        c31 = f32x4.add(c31, f32x4.mul(s3, b1));
        panel += 32;
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
      }
    }
  }
  put(to, clamped(c00), clamped(c01), share, false);
  put(to + step, clamped(c10), clamped(c11), share, false);
  put(to + 2 * step, clamped(c20), clamped(c21), share, false);
  put(to + 3 * step, clamped(c30), clamped(c31), share, false);
}

function onePosition(x: usize, panel: usize, first: v128, second: v128, to: usize, share: i32): void {
  let c0 = first;
  let c1 = second;
  const rows = filterRows;
  const count = pieces;
  const length: usize = pieceLength << 2;
  for (let row = 0; row < rows; row++) {
    for (let piece = 0; piece < count; piece++) {
      let a = x + row * rowStep + piece * pieceStep;
      const end = a + length;
      while (a < end) {
        const s = v128.load32_splat(a);
        c0 = f32x4.add(c0, f32x4.mul(s, v128.load(panel)));
        c1 = f32x4.add(c1, f32x4.mul(s, v128.load(panel, 16)));
        panel += 32;
        a += 4;
      }
    }
  }
  put(to, clamped(c0), clamped(c1), share, false);
}
