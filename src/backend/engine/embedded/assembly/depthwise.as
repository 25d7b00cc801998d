// Gradients of depthwise convolutions, NHWC, float32: y[oh, ow, i·q + j] = Σ x[oh·s + kh·d − p, …, i] · f[kh, kw, i, j],
// with q outputs per input channel. Both gradients visit the same (output position, tap) pairs.

// @ts-ignore: decorator
@inline
function multiplyAdd(to: usize, a: usize, b: usize, length: i32): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(a), v128.load(b))));
    to += 16;
    a += 16;
    b += 16;
  }
  for (; i < length; i++) {
    f32.store(to, f32.load(to) + f32.load(a) * f32.load(b));
    to += 4;
    a += 4;
    b += 4;
  }
}

/** Adds to `dx` (wanted = 0; a = dy, b = filter) or to `dw` (wanted = 1; a = dy, b = x). */
export function depthwiseGradient(
  wanted: i32, dy: usize, other: usize, to: usize,
  batch: i32, height: i32, width: i32, channels: i32, multiplier: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32,
  dilationHeight: i32, dilationWidth: i32, top: i32, left: i32,
): void {
  const pixel: i32 = channels << 2;
  const tap: i32 = (channels * multiplier) << 2;
  for (let n = 0; n < batch; n++) {
    const image = n * height * width * pixel;
    for (let oh = 0; oh < outHeight; oh++) {
      for (let ow = 0; ow < outWidth; ow++) {
        for (let kh = 0; kh < filterHeight; kh++) {
          const row = oh * strideHeight - top + kh * dilationHeight;
          if (row < 0 || row >= height) continue;
          for (let kw = 0; kw < filterWidth; kw++) {
            const column = ow * strideWidth - left + kw * dilationWidth;
            if (column < 0 || column >= width) continue;
            const atInput = image + (row * width + column) * pixel;
            const atFilter = (kh * filterWidth + kw) * tap;
            if (wanted == 0) toInput(to + atInput, dy, other + atFilter, channels, multiplier);
            else toFilter(to + atFilter, dy, other + atInput, channels, multiplier);
          }
        }
        dy += tap;
      }
    }
  }
}

function toInput(dx: usize, dy: usize, filter: usize, channels: i32, multiplier: i32): void {
  if (multiplier == 1) return multiplyAdd(dx, dy, filter, channels);
  for (let i = 0; i < channels; i++) {
    let sum: f32 = 0;
    for (let j = 0; j < multiplier; j++) {
      sum += f32.load(dy) * f32.load(filter);
      dy += 4;
      filter += 4;
    }
    f32.store(dx, f32.load(dx) + sum);
    dx += 4;
  }
}

function toFilter(dw: usize, dy: usize, x: usize, channels: i32, multiplier: i32): void {
  if (multiplier == 1) return multiplyAdd(dw, dy, x, channels);
  for (let i = 0; i < channels; i++) {
    const value = f32.load(x);
    for (let j = 0; j < multiplier; j++) {
      f32.store(dw, f32.load(dw) + value * f32.load(dy));
      dw += 4;
      dy += 4;
    }
    x += 4;
  }
}
