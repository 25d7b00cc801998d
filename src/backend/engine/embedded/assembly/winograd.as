// Convolutions with 3×3 filters and stride 1, and the gradient of such filters, by Winograd's transforms; NHWC, float32,
// numbers of channels that are multiples of eight. Sizes count elements, pointers are byte offsets.
//
// Tiles are counted through a batch row by row. So many of them as stay in the second-level cache (`block`) are
// transformed, multiplied place by place, and transformed back. What a thread needs lies at `scratch`, after a flag that
// is set when a result is not finite: then the caller computes everything the normal way.

import { errorLine, filterLine, inputLine, outputLine, places, tapLine } from "./winogradTransforms";

const tile: i32 = 4;
/** Before the threads' scratch memory. */
const flagBytes: i32 = 16;
/** A tile's four channels after the first of an output's two transforms, and after the second. */
const halfBytes: i32 = 6 * 4 * 16;
const tileBytes: i32 = halfBytes + 4 * 4 * 16;

// @ts-ignore: decorator
@inline
function across(width: i32): i32 {
  return (width + tile - 1) / tile;
}

/** Bytes from one place's values to the next one's. Lines of the cache, an odd number of them, lest all places meet in one set. */
// @ts-ignore: decorator
@inline
function placeBytes(block: i32, channels: i32): i32 {
  return ((block * channels * 4 + 63) & ~127) + 64;
}

/** Bytes of one of a strip's lines. A strip is a row of tiles of `size` × `size`, transformed along their height. */
// @ts-ignore: decorator
@inline
function stripLine(size: i32, outWidth: i32, channels: i32): i32 {
  return (across(outWidth) * tile + size - tile) * channels * 4;
}

/** Bytes of scratch memory that `winogradRows` needs. */
export function winogradScratch(threads: i32, block: i32, outWidth: i32, inChannels: i32, outChannels: i32): i32 {
  return flagBytes + threads * forwardBytes(block, outWidth, inChannels, outChannels);
}

function forwardBytes(block: i32, outWidth: i32, inChannels: i32, outChannels: i32): i32 {
  const products = placeBytes(block, inChannels) + placeBytes(block, outChannels);
  return (tileBytes + 7 * stripLine(6, outWidth, inChannels) + places * products + 127) & ~63;
}

/** Bytes of scratch memory that `winogradFilterGroups` needs. */
export function winogradFilterScratch(threads: i32, block: i32, outWidth: i32, inChannels: i32, outChannels: i32): i32 {
  return flagBytes + threads * filterBytes(block, outWidth, inChannels, outChannels);
}

function filterBytes(block: i32, outWidth: i32, inChannels: i32, outChannels: i32): i32 {
  const errors = 7 * stripLine(4, outWidth, outChannels);
  return forwardBytes(block, outWidth, inChannels, outChannels) + errors + places * inChannels * outChannels * 4;
}

/** The filter [3, 3, in, out] by places, in panels of eight output channels. The scratch memory is used. */
export function winogradFilter(filter: usize, inChannels: i32, outChannels: i32, panels: usize, scratch: usize): void {
  const temporary = scratch + flagBytes;
  const pixel: usize = (inChannels * outChannels) << 2;
  for (let i = 0; i < inChannels; i++) {
    for (let o = 0; o < outChannels; o += 4) {
      const to = panels + ((((o & ~7) * inChannels + i * 8) + (o & 4)) << 2);
      filterTile(filter + ((i * outChannels + o) << 2), pixel, temporary, to);
    }
  }
}

/** 3×3 taps, `pixel` bytes from one to the next, to 36 places as far from each other. */
function filterTile(from: usize, pixel: usize, temporary: usize, to: usize): void {
  for (let column: usize = 0; column < 3; column++) {
    const top = from + column * pixel;
    filterLine(v128.load(top), v128.load(top + 3 * pixel), v128.load(top + 6 * pixel), temporary + (column << 4), 48);
  }
  for (let line: usize = 0; line < 6; line++) {
    const left = temporary + line * 48;
    filterLine(v128.load(left), v128.load(left, 16), v128.load(left, 32), to + line * 6 * pixel, pixel);
  }
}

/**
 * Rows of tiles first to last − 1 of a batch: x ∗ filter + bias, clamped to [low, high]. `top` and `left` say how far
 * the first window reaches out of x. `bias` may be 0 for none.
 */
export function winogradRows(
  from: i32, until: i32, thread: i32,
  x: usize, panels: usize, bias: usize, to: usize, scratch: usize, block: i32,
  height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32, top: i32, left: i32,
  low: f32, high: f32,
): void {
  const wide = across(outWidth);
  const down = across(outHeight);
  const pixel: usize = inChannels << 2;
  const stripRow: usize = stripLine(6, outWidth, inChannels);
  const inPlace: usize = placeBytes(block, inChannels);
  const outPlace: usize = placeBytes(block, outChannels);
  const temporary = scratch + flagBytes + thread * forwardBytes(block, outWidth, inChannels, outChannels);
  const inputs = temporary + tileBytes;
  const outputs = inputs + places * inPlace;
  const strip = outputs + places * outPlace;
  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(high);
  let notFinite = i32x4.splat(0);
  let row = -1;
  for (let first = from * wide; first < until * wide; first += block) {
    const count = min(block, until * wide - first);
    for (let at = 0; at < count; at++) {
      const tileRow = (first + at) / wide;
      if (tileRow != row) {
        row = tileRow;
        const image = x + (row / down) * height * width * pixel;
        inputStrip(strip, stripRow, image, (row % down) * tile - top, left, height, width, pixel);
      }
      const corner = strip + (first + at - row * wide) * tile * pixel;
      inputTile(corner, stripRow, pixel, inputs + at * pixel, inPlace);
    }
    for (let place = 0; place < places; place++) {
      const panel = panels + ((place * inChannels * outChannels) << 2);
      products(inputs + place * inPlace, inChannels, panel, outputs + place * outPlace, count, outChannels);
    }
    for (let at = 0; at < count; at++) {
      const tileRow = (first + at) / wide;
      const column = (first + at - tileRow * wide) * tile;
      const line = (tileRow % down) * tile;
      const rows = min(tile, outHeight - line);
      const columns = min(tile, outWidth - column);
      const corner = to + (((((tileRow / down) * outHeight + line) * outWidth + column) * outChannels) << 2);
      for (let o = 0; o < outChannels; o += 4) {
        const offset = bias == 0 ? f32x4.splat(0) : v128.load(bias + (o << 2));
        outputTile(outputs + ((at * outChannels + o) << 2), outPlace, temporary);
        for (let row = 0; row < rows; row++) {
          let target = corner + ((row * outWidth * outChannels + o) << 2);
          for (let column = 0; column < columns; column++) {
            const value = f32x4.add(v128.load(temporary + halfBytes + ((row * tile + column) << 4)), offset);
            notFinite = v128.or(notFinite, f32x4.sub(value, value));
            // pmin and pmax leave NaN what it is.
            v128.store(target, f32x4.pmin(f32x4.pmax(value, lowest), highest));
            target += outChannels << 2;
          }
        }
      }
    }
  }
  if (v128.any_true(notFinite)) i32.store(scratch, 1);
}

/**
 * Six lines of an image from `line` on, transformed along their height, from the column −left on; zeros outside of the
 * image. A line of zeros is kept after the strip.
 */
function inputStrip(
  strip: usize, stripRow: usize, image: usize, line: i32, left: i32, height: i32, width: i32, pixel: usize,
): void {
  const row: usize = width * pixel;
  const zeros = strip + 6 * stripRow;
  memory.fill(zeros, 0, stripRow);
  const d0 = lineAt(image, line, height, row, zeros);
  const d1 = lineAt(image, line + 1, height, row, zeros);
  const d2 = lineAt(image, line + 2, height, row, zeros);
  const d3 = lineAt(image, line + 3, height, row, zeros);
  const d4 = lineAt(image, line + 4, height, row, zeros);
  const d5 = lineAt(image, line + 5, height, row, zeros);
  const margin = left * pixel;
  const length = min(row, stripRow - margin);
  clearSides(strip, stripRow, margin, length);
  const to = strip + margin;
  for (let at: usize = 0; at < length; at += 16) {
    inputLine(
      v128.load(d0 + at), v128.load(d1 + at), v128.load(d2 + at), v128.load(d3 + at), v128.load(d4 + at), v128.load(d5 + at),
      to + at, stripRow,
    );
  }
}

/** The same of four lines of errors, with nothing before their first column. */
function errorStrip(strip: usize, stripRow: usize, image: usize, line: i32, height: i32, width: i32, pixel: usize): void {
  const row: usize = width * pixel;
  const zeros = strip + 6 * stripRow;
  memory.fill(zeros, 0, stripRow);
  const d0 = lineAt(image, line, height, row, zeros);
  const d1 = lineAt(image, line + 1, height, row, zeros);
  const d2 = lineAt(image, line + 2, height, row, zeros);
  const d3 = lineAt(image, line + 3, height, row, zeros);
  clearSides(strip, stripRow, 0, row);
  for (let at: usize = 0; at < row; at += 16) {
    errorLine(v128.load(d0 + at), v128.load(d1 + at), v128.load(d2 + at), v128.load(d3 + at), strip + at, stripRow);
  }
}

// @ts-ignore: decorator
@inline
function lineAt(image: usize, line: i32, height: i32, row: usize, zeros: usize): usize {
  return line < 0 || line >= height ? zeros : image + line * row;
}

/** Zeros in a strip's six lines, where nothing will be written. */
function clearSides(strip: usize, stripRow: usize, margin: usize, length: usize): void {
  const rest = stripRow - margin - length;
  for (let line = 0; line < 6; line++) {
    if (margin > 0) memory.fill(strip, 0, margin);
    if (rest > 0) memory.fill(strip + margin + length, 0, rest);
    strip += stripRow;
  }
}

/** A tile of a strip, all channels, to its 36 places. */
function inputTile(from: usize, stripRow: usize, pixel: usize, to: usize, place: usize): void {
  for (let line = 0; line < 6; line++) {
    for (let channel: usize = 0; channel < pixel; channel += 16) {
      let at = from + channel;
      const d0 = v128.load(at);
      const d1 = v128.load((at += pixel));
      const d2 = v128.load((at += pixel));
      const d3 = v128.load((at += pixel));
      const d4 = v128.load((at += pixel));
      const d5 = v128.load(at + pixel);
      inputLine(d0, d1, d2, d3, d4, d5, to + channel, place);
    }
    from += stripRow;
    to += 6 * place;
  }
}

/** The same for errors. */
function errorTile(from: usize, stripRow: usize, pixel: usize, to: usize, place: usize): void {
  for (let line = 0; line < 6; line++) {
    for (let channel: usize = 0; channel < pixel; channel += 16) {
      let at = from + channel;
      const d0 = v128.load(at);
      const d1 = v128.load((at += pixel));
      const d2 = v128.load((at += pixel));
      errorLine(d0, d1, d2, v128.load(at + pixel), to + channel, place);
    }
    from += stripRow;
    to += 6 * place;
  }
}

/** 36 places to 4×4 outputs, row by row at `temporary` + `halfBytes`. */
// @ts-ignore: decorator
@inline
function outputTile(from: usize, place: usize, temporary: usize): void {
  for (let line: usize = 0; line < 6; line++) outputLine(from + line * 6 * place, place, temporary + (line << 6), 16);
  for (let column: usize = 0; column < 4; column++) {
    const top = temporary + (column << 4);
    outputLine(top, 64, top + halfBytes, 64);
  }
}

/** to[rows, n] = a[rows, depth] · panels; rows up to the next multiple of four are written. */
function products(a: usize, depth: i32, panels: usize, to: usize, rows: i32, n: i32): void {
  const aRow: usize = depth << 2;
  const toRow: usize = n << 2;
  for (let column = 0; column < n; column += 8) {
    for (let row = 0; row < rows; row += 4) {
      let panel = panels + ((column * depth) << 2);
      let a0 = a + row * aRow;
      let a1 = a0 + aRow;
      let a2 = a1 + aRow;
      let a3 = a2 + aRow;
      const end = a1;
      let c00 = f32x4.splat(0);
      let c01 = c00;
      let c10 = c00;
      let c11 = c00;
      let c20 = c00;
      let c21 = c00;
      let c30 = c00;
      let c31 = c00;
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
      const target = to + row * toRow + (column << 2);
      v128.store(target, c00);
      v128.store(target, c01, 16);
      v128.store(target + toRow, c10);
      v128.store(target + toRow, c11, 16);
      v128.store(target + 2 * toRow, c20);
      v128.store(target + 2 * toRow, c21, 16);
      v128.store(target + 3 * toRow, c30);
      v128.store(target + 3 * toRow, c31, 16);
    }
  }
}

/**
 * dW[kh, kw, i, o] = Σ x[n, oh + kh − top, ow + kw − left, i] · dy[n, oh, ow, o]. The batch is taken in `groups`, each
 * with a sum of its own in `dw`, so that the result does not depend on how many threads share them.
 */
export function winogradFilterGroups(
  from: i32, until: i32, thread: i32,
  x: usize, dy: usize, dw: usize, scratch: usize, block: i32, groups: i32, batch: i32,
  height: i32, width: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32, top: i32, left: i32,
): void {
  const wide = across(outWidth);
  const down = across(outHeight);
  const pixel: usize = inChannels << 2;
  const errorPixel: usize = outChannels << 2;
  const stripRow: usize = stripLine(6, outWidth, inChannels);
  const errorRow: usize = stripLine(4, outWidth, outChannels);
  const inPlace: usize = placeBytes(block, inChannels);
  const outPlace: usize = placeBytes(block, outChannels);
  const sumPlace: usize = (inChannels * outChannels) << 2;
  const temporary = scratch + flagBytes + thread * filterBytes(block, outWidth, inChannels, outChannels);
  const inputs = temporary + tileBytes;
  const errors = inputs + places * inPlace;
  const strip = errors + places * outPlace;
  const errorStart = strip + 7 * stripRow;
  const sums = errorStart + 7 * errorRow;
  let notFinite = i32x4.splat(0);
  for (let group = from; group < until; group++) {
    memory.fill(sums, 0, places * sumPlace);
    const end = ((group + 1) * batch / groups) * down * wide;
    let row = -1;
    for (let first = (group * batch / groups) * down * wide; first < end; first += block) {
      const count = min(block, end - first);
      for (let at = 0; at < count; at++) {
        const tileRow = (first + at) / wide;
        if (tileRow != row) {
          row = tileRow;
          const line = (row % down) * tile;
          const image = row / down;
          inputStrip(strip, stripRow, x + image * height * width * pixel, line - top, left, height, width, pixel);
          errorStrip(errorStart, errorRow, dy + image * outHeight * outWidth * errorPixel, line, outHeight, outWidth, errorPixel);
        }
        const column = (first + at - row * wide) * tile;
        inputTile(strip + column * pixel, stripRow, pixel, inputs + at * pixel, inPlace);
        errorTile(errorStart + column * errorPixel, errorRow, errorPixel, errors + at * errorPixel, outPlace);
      }
      for (let place = 0; place < places; place++) {
        addProducts(inputs + place * inPlace, pixel, errors + place * outPlace, errorPixel, sums + place * sumPlace, count);
      }
    }
    const target = dw + group * 9 * sumPlace;
    for (let at: usize = 0; at < sumPlace; at += 16) tapTile(sums + at, sumPlace, temporary, target + at);
    for (let at: usize = 0; at < 9 * sumPlace; at += 16) {
      const value = v128.load(target + at);
      notFinite = v128.or(notFinite, f32x4.sub(value, value));
    }
  }
  if (v128.any_true(notFinite)) i32.store(scratch, 1);
}

/** 36 places to the gradients of 3×3 taps, as far from each other. */
function tapTile(from: usize, place: usize, temporary: usize, to: usize): void {
  for (let line: usize = 0; line < 6; line++) tapLine(from + line * 6 * place, place, temporary + line * 48, 16);
  for (let column: usize = 0; column < 3; column++) tapLine(temporary + (column << 4), 48, to + column * place, 3 * place);
}

/** to[i, o] += Σ a[k, i] · b[k, o] over `count` rows of a and b. */
function addProducts(a: usize, aRow: usize, b: usize, bRow: usize, to: usize, count: i32): void {
  for (let i: usize = 0; i < aRow; i += 16) {
    for (let o: usize = 0; o < bRow; o += 32) {
      const target = to + (i >> 2) * bRow + o;
      let c00 = v128.load(target);
      let c01 = v128.load(target, 16);
      let c10 = v128.load(target + bRow);
      let c11 = v128.load(target + bRow, 16);
      let c20 = v128.load(target + 2 * bRow);
      let c21 = v128.load(target + 2 * bRow, 16);
      let c30 = v128.load(target + 3 * bRow);
      let c31 = v128.load(target + 3 * bRow, 16);
      let left = a + i;
      let right = b + o;
      for (let k = 0; k < count; k++) {
        const b0 = v128.load(right);
        const b1 = v128.load(right, 16);
        const s0 = v128.load32_splat(left);
        c00 = f32x4.add(c00, f32x4.mul(s0, b0));
        c01 = f32x4.add(c01, f32x4.mul(s0, b1));
        const s1 = v128.load32_splat(left, 4);
        c10 = f32x4.add(c10, f32x4.mul(s1, b0));
        c11 = f32x4.add(c11, f32x4.mul(s1, b1));
        const s2 = v128.load32_splat(left, 8);
        c20 = f32x4.add(c20, f32x4.mul(s2, b0));
        c21 = f32x4.add(c21, f32x4.mul(s2, b1));
        const s3 = v128.load32_splat(left, 12);
        c30 = f32x4.add(c30, f32x4.mul(s3, b0));
        c31 = f32x4.add(c31, f32x4.mul(s3, b1));
        left += aRow;
        right += bRow;
      }
      v128.store(target, c00);
      v128.store(target, c01, 16);
      v128.store(target + bRow, c10);
      v128.store(target + bRow, c11, 16);
      v128.store(target + 2 * bRow, c20);
      v128.store(target + 2 * bRow, c21, 16);
      v128.store(target + 3 * bRow, c30);
      v128.store(target + 3 * bRow, c31, 16);
    }
  }
}
