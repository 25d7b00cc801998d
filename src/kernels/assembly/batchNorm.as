// BatchNorm in training and its gradient, float32, channels last, in two passes over memory each. They work in the memory
// of the engine that holds the tensors; pointers are byte offsets.
//
// Values are seen as rows of `width` lanes, a multiple of four and of the number of channels, so that every lane belongs
// to one channel; what is left after the last whole row goes one by one, from lane 0 on. Up to `block` rows are added in
// float32, their sums in float64.
//
// Lane tables, `width` entries each: a shift near the channel's mean, two sums (float64), and the factors of a pass.

const block: i32 = 64;

// @ts-ignore: decorator
@inline
function addWide(at: usize, a: v128): void {
  v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(a)));
  const high = v128.shuffle<i64>(a, a, 1, 0);
  v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(high)), 16);
}

// @ts-ignore: decorator
@inline
function addOne(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/** first += Σ (x − shift), second += Σ (x − shift)². */
export function moments(x: usize, rows: i32, rest: i32, width: usize, shift: usize, first: usize, second: usize): void {
  const stride = width << 2;
  for (let done = 0; done < rows; done += block) {
    const some = min(block, rows - done);
    for (let lane: usize = 0; lane < width; lane += 4) {
      const s = v128.load(shift + (lane << 2));
      let at = x + (lane << 2);
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let row = 0;
      for (; row + 1 < some; row += 2, at += stride << 1) {
        const u = f32x4.sub(v128.load(at), s);
        const v = f32x4.sub(v128.load(at + stride), s);
        a0 = f32x4.add(a0, u);
        a1 = f32x4.add(a1, v);
        b0 = f32x4.add(b0, f32x4.mul(u, u));
        b1 = f32x4.add(b1, f32x4.mul(v, v));
      }
      if (row < some) {
        const u = f32x4.sub(v128.load(at), s);
        a0 = f32x4.add(a0, u);
        b0 = f32x4.add(b0, f32x4.mul(u, u));
      }
      addWide(first + (lane << 3), f32x4.add(a0, a1));
      addWide(second + (lane << 3), f32x4.add(b0, b1));
    }
    x += stride * some;
  }
  for (let lane = 0; lane < rest; lane++, x += 4) {
    const u = load<f32>(x) - load<f32>(shift + (lane << 2));
    addOne(first + (lane << 3), u);
    addOne(second + (lane << 3), <f64>u * u);
  }
}

/** y = (x − shift)·scale + offset. */
export function normalize(x: usize, y: usize, rows: i32, rest: i32, width: usize, shift: usize, scale: usize, offset: usize): void {
  const stride = width << 2;
  for (let done = 0; done < rows; done += block) {
    const some = min(block, rows - done);
    for (let lane: usize = 0; lane < stride; lane += 16) {
      const s = v128.load(shift + lane);
      const a = v128.load(scale + lane);
      const b = v128.load(offset + lane);
      let at = lane;
      for (let row = 0; row < some; row++, at += stride) {
        v128.store(y + at, f32x4.add(f32x4.mul(f32x4.sub(v128.load(x + at), s), a), b));
      }
    }
    x += stride * some;
    y += stride * some;
  }
  for (let at: usize = 0, end = <usize>rest << 2; at < end; at += 4) {
    store<f32>(y + at, (load<f32>(x + at) - load<f32>(shift + at)) * load<f32>(scale + at) + load<f32>(offset + at));
  }
}

/** first += Σ dy, second += Σ dy·(x − shift). */
export function gradientSums(x: usize, dy: usize, rows: i32, rest: i32, width: usize, shift: usize, first: usize, second: usize): void {
  const stride = width << 2;
  for (let done = 0; done < rows; done += block) {
    const some = min(block, rows - done);
    for (let lane: usize = 0; lane < width; lane += 4) {
      const s = v128.load(shift + (lane << 2));
      let at = lane << 2;
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let row = 0;
      for (; row + 1 < some; row += 2, at += stride << 1) {
        const u = v128.load(dy + at);
        const v = v128.load(dy + at + stride);
        a0 = f32x4.add(a0, u);
        a1 = f32x4.add(a1, v);
        b0 = f32x4.add(b0, f32x4.mul(u, f32x4.sub(v128.load(x + at), s)));
        b1 = f32x4.add(b1, f32x4.mul(v, f32x4.sub(v128.load(x + at + stride), s)));
      }
      if (row < some) {
        const u = v128.load(dy + at);
        a0 = f32x4.add(a0, u);
        b0 = f32x4.add(b0, f32x4.mul(u, f32x4.sub(v128.load(x + at), s)));
      }
      addWide(first + (lane << 3), f32x4.add(a0, a1));
      addWide(second + (lane << 3), f32x4.add(b0, b1));
    }
    x += stride * some;
    dy += stride * some;
  }
  for (let lane: usize = 0; lane < <usize>rest; lane++) {
    const u = load<f32>(dy + (lane << 2));
    addOne(first + (lane << 3), u);
    addOne(second + (lane << 3), <f64>u * (load<f32>(x + (lane << 2)) - load<f32>(shift + (lane << 2))));
  }
}

/** dx = ((dy − mean) − (x − shift)·slope)·scale + offset. */
export function gradient(
  x: usize, dy: usize, dx: usize, rows: i32, rest: i32, width: usize,
  shift: usize, mean: usize, slope: usize, scale: usize, offset: usize,
): void {
  const stride = width << 2;
  for (let done = 0; done < rows; done += block) {
    const some = min(block, rows - done);
    for (let lane: usize = 0; lane < stride; lane += 16) {
      const s = v128.load(shift + lane);
      const m = v128.load(mean + lane);
      const k = v128.load(slope + lane);
      const a = v128.load(scale + lane);
      const b = v128.load(offset + lane);
      let at = lane;
      for (let row = 0; row < some; row++, at += stride) {
        const part = f32x4.mul(f32x4.sub(v128.load(x + at), s), k);
        const error = f32x4.sub(f32x4.sub(v128.load(dy + at), m), part);
        v128.store(dx + at, f32x4.add(f32x4.mul(error, a), b));
      }
    }
    x += stride * some;
    dy += stride * some;
    dx += stride * some;
  }
  for (let at: usize = 0, end = <usize>rest << 2; at < end; at += 4) {
    const part = (load<f32>(x + at) - load<f32>(shift + at)) * load<f32>(slope + at);
    const error = load<f32>(dy + at) - load<f32>(mean + at) - part;
    store<f32>(dx + at, error * load<f32>(scale + at) + load<f32>(offset + at));
  }
}
