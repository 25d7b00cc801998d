// Pooling and its gradients, NHWC, float32. `dx` is zero at the start.

/**
 * Each window's gradient goes to its first largest value, as in tfjs's JavaScript kernel: values that compare greater
 * than none (NaN, or -Infinity alone) get nothing.
 */
export function maxPoolGradient(
  x: usize, dy: usize, dx: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const pixel: i32 = channels << 2;
  for (let n = 0; n < batch; n++) {
    const image = n * height * width * pixel;
    for (let oh = 0; oh < outHeight; oh++) {
      const firstRow = max(0, oh * strideHeight - top);
      const lastRow = min(height, oh * strideHeight - top + filterHeight);
      for (let ow = 0; ow < outWidth; ow++) {
        const firstColumn = max(0, ow * strideWidth - left);
        const lastColumn = min(width, ow * strideWidth - left + filterWidth);
        let channel = 0;
        for (; channel + 4 <= channels; channel += 4) {
          const base = image + (channel << 2);
          let largest = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let row = firstRow; row < lastRow; row++) {
            for (let column = firstColumn; column < lastColumn; column++) {
              const position = row * width + column;
              const value = v128.load(x + base + position * pixel);
              const greater = f32x4.gt(value, largest);
              largest = v128.bitselect(value, largest, greater);
              where = v128.bitselect(i32x4.splat(position), where, greater);
            }
          }
          const gradient = v128.load(dy + (channel << 2));
          for (let row = firstRow; row < lastRow; row++) {
            for (let column = firstColumn; column < lastColumn; column++) {
              const position = row * width + column;
              const at = dx + base + position * pixel;
              const part = v128.and(gradient, i32x4.eq(where, i32x4.splat(position)));
              v128.store(at, f32x4.add(v128.load(at), part));
            }
          }
        }
        for (; channel < channels; channel++) {
          const base = image + (channel << 2);
          let largest: f32 = -Infinity;
          let where = -1;
          for (let row = firstRow; row < lastRow; row++) {
            for (let column = firstColumn; column < lastColumn; column++) {
              const position = row * width + column;
              const value = f32.load(x + base + position * pixel);
              if (value > largest) {
                largest = value;
                where = position;
              }
            }
          }
          if (where >= 0) {
            const at = dx + base + where * pixel;
            f32.store(at, f32.load(at) + f32.load(dy + (channel << 2)));
          }
        }
        dy += pixel;
      }
    }
  }
}

/** The largest value of each window, NaN left out as in tfjs's JavaScript kernel. */
export function maxPool(
  x: usize, to: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const pixel: i32 = channels << 2;
  for (let n = 0; n < batch; n++) {
    const image = x + n * height * width * pixel;
    for (let oh = 0; oh < outHeight; oh++) {
      const firstRow = max(0, oh * strideHeight - top);
      const lastRow = min(height, oh * strideHeight - top + filterHeight);
      for (let ow = 0; ow < outWidth; ow++) {
        const firstColumn = max(0, ow * strideWidth - left);
        const lastColumn = min(width, ow * strideWidth - left + filterWidth);
        let channel = 0;
        for (; channel + 4 <= channels; channel += 4) {
          let largest = f32x4.splat(-Infinity);
          for (let row = firstRow; row < lastRow; row++) {
            let at = image + (row * width + firstColumn) * pixel + (channel << 2);
            for (let column = firstColumn; column < lastColumn; column++) {
              largest = f32x4.pmax(largest, v128.load(at));
              at += pixel;
            }
          }
          v128.store(to + (channel << 2), largest);
        }
        for (; channel < channels; channel++) {
          let largest: f32 = -Infinity;
          for (let row = firstRow; row < lastRow; row++) {
            let at = image + (row * width + firstColumn) * pixel + (channel << 2);
            for (let column = firstColumn; column < lastColumn; column++) {
              const value = f32.load(at);
              if (value > largest) largest = value;
              at += pixel;
            }
          }
          f32.store(to + (channel << 2), largest);
        }
        to += pixel;
      }
    }
  }
}

/** The mean of each window; padding does not count. */
export function averagePool(
  x: usize, to: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
): void {
  const pixel: i32 = channels << 2;
  for (let n = 0; n < batch; n++) {
    const image = x + n * height * width * pixel;
    for (let oh = 0; oh < outHeight; oh++) {
      const firstRow = max(0, oh * strideHeight - top);
      const lastRow = min(height, oh * strideHeight - top + filterHeight);
      for (let ow = 0; ow < outWidth; ow++) {
        const firstColumn = max(0, ow * strideWidth - left);
        const lastColumn = min(width, ow * strideWidth - left + filterWidth);
        const count = <f32>(max(0, lastRow - firstRow) * max(0, lastColumn - firstColumn));
        let channel = 0;
        for (; channel + 4 <= channels; channel += 4) {
          let sum = f32x4.splat(0);
          for (let row = firstRow; row < lastRow; row++) {
            let at = image + (row * width + firstColumn) * pixel + (channel << 2);
            for (let column = firstColumn; column < lastColumn; column++) {
              sum = f32x4.add(sum, v128.load(at));
              at += pixel;
            }
          }
          v128.store(to + (channel << 2), f32x4.div(sum, f32x4.splat(count)));
        }
        for (; channel < channels; channel++) {
          let sum: f32 = 0;
          for (let row = firstRow; row < lastRow; row++) {
            let at = image + (row * width + firstColumn) * pixel + (channel << 2);
            for (let column = firstColumn; column < lastColumn; column++) {
              sum += f32.load(at);
              at += pixel;
            }
          }
          f32.store(to + (channel << 2), sum / count);
        }
        to += pixel;
      }
    }
  }
}

/**
 * Each window's gradient goes in equal parts to the values that it is the mean of. With `divisor` other than 0, each
 * part is that fraction.
 */
export function averagePoolGradient(
  dy: usize, dx: usize,
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32,
  filterHeight: i32, filterWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32, divisor: f32,
): void {
  const pixel: i32 = channels << 2;
  for (let n = 0; n < batch; n++) {
    const image = dx + n * height * width * pixel;
    for (let oh = 0; oh < outHeight; oh++) {
      const firstRow = max(0, oh * strideHeight - top);
      const lastRow = min(height, oh * strideHeight - top + filterHeight);
      for (let ow = 0; ow < outWidth; ow++) {
        const firstColumn = max(0, ow * strideWidth - left);
        const lastColumn = min(width, ow * strideWidth - left + filterWidth);
        const count = <f32>(max(0, lastRow - firstRow) * max(0, lastColumn - firstColumn));
        const share: f32 = 1 / (divisor != 0 ? divisor : count);
        for (let row = firstRow; row < lastRow; row++) {
          let at = image + (row * width + firstColumn) * pixel;
          for (let column = firstColumn; column < lastColumn; column++) {
            let channel = 0;
            for (; channel + 4 <= channels; channel += 4) {
              const part = f32x4.mul(v128.load(dy + (channel << 2)), f32x4.splat(share));
              v128.store(at + (channel << 2), f32x4.add(v128.load(at + (channel << 2)), part));
            }
            for (; channel < channels; channel++) {
              f32.store(at + (channel << 2), f32.load(at + (channel << 2)) + f32.load(dy + (channel << 2)) * share);
            }
            at += pixel;
          }
        }
        dy += pixel;
      }
    }
  }
}
