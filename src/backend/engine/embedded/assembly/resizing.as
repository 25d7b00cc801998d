// Gradient of resizing, NHWC, float32. `dx` is zero at the start.

/**
 * Each output pixel's gradient goes to the four input pixels it was mixed from, by the same shares. `table` holds for
 * each output row, then for each output column: the first and the second source (i32) and the share of the second (f32).
 */
export function resizeGradient(
  dy: usize, dx: usize, batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, table: usize,
): void {
  const pixel: i32 = channels << 2;
  const columns = table + outHeight * 12;
  for (let n = 0; n < batch; n++) {
    const image = dx + n * height * width * pixel;
    for (let oh = 0; oh < outHeight; oh++) {
      const row = table + oh * 12;
      const first = image + i32.load(row) * width * pixel;
      const second = image + i32.load(row, 4) * width * pixel;
      const rowShare = f32.load(row, 8);
      for (let ow = 0; ow < outWidth; ow++) {
        const column = columns + ow * 12;
        const left = i32.load(column) * pixel;
        const right = i32.load(column, 4) * pixel;
        const columnShare = f32.load(column, 8);
        addScaled(first + left, dy, (1 - rowShare) * (1 - columnShare), channels);
        if (columnShare != 0) addScaled(first + right, dy, (1 - rowShare) * columnShare, channels);
        if (rowShare != 0) {
          addScaled(second + left, dy, rowShare * (1 - columnShare), channels);
          if (columnShare != 0) addScaled(second + right, dy, rowShare * columnShare, channels);
        }
        dy += pixel;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function addScaled(to: usize, from: usize, share: f32, length: i32): void {
  const shares = f32x4.splat(share);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(from), shares)));
    to += 16;
    from += 16;
  }
  for (; i < length; i++) {
    f32.store(to, f32.load(to) + f32.load(from) * share);
    to += 4;
    from += 4;
  }
}
