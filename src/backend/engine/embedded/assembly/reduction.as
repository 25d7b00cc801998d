// Sums over the middle of [outer, length, inner], float32, and over segments.
//
// Up to 32 terms are added in float32, these partial sums in float64: as accurate as one needs and as fast as memory.

const block: i32 = 32;

/** `scratch` holds `inner` float64. */
export function sumMiddle(x: usize, to: usize, outer: i32, length: i32, inner: i32, scratch: usize, divisor: f64): void {
  for (let o = 0; o < outer; o++) {
    const from = x + ((o * length * inner) << 2);
    if (inner == 1) f32.store(to + (o << 2), <f32>(sumRun(from, length) / divisor));
    else sumRows(from, to + ((o * inner) << 2), length, inner, scratch, divisor);
  }
}

function sumRun(x: usize, length: i32): f64 {
  let total = f64x2.splat(0);
  let i = 0;
  while (i + 16 <= length) {
    const end = min(length, i + block * 16);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; i + 16 <= end; i += 16) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
      x += 64;
    }
    total = f64x2.add(total, f64x2.add(widen(s0), widen(s1)));
    total = f64x2.add(total, f64x2.add(widen(s2), widen(s3)));
  }
  let sum = f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
  for (; i < length; i++) {
    sum += <f64>f32.load(x);
    x += 4;
  }
  return sum;
}

/** The sum of the two halves, as float64. */
// @ts-ignore: decorator
@inline
function widen(values: v128): v128 {
  const high = i8x16.shuffle(values, values, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  return f64x2.add(f64x2.promote_low_f32x4(values), f64x2.promote_low_f32x4(high));
}

function sumRows(x: usize, to: usize, length: i32, inner: i32, scratch: usize, divisor: f64): void {
  memory.fill(scratch, 0, inner << 3);
  const step: usize = inner << 2;
  for (let from = 0; from < length; from += block) {
    const rows = min(block, length - from);
    const top = x + from * step;
    let column = 0;
    for (; column + 8 <= inner; column += 8) {
      let at = top + (column << 2);
      let s0 = f32x4.splat(0);
      let s1 = s0;
      for (let row = 0; row < rows; row++) {
        s0 = f32x4.add(s0, v128.load(at));
        s1 = f32x4.add(s1, v128.load(at, 16));
        at += step;
      }
      addWide(scratch + (column << 3), s0);
      addWide(scratch + (column << 3) + 32, s1);
    }
    for (; column + 4 <= inner; column += 4) {
      let at = top + (column << 2);
      let s = f32x4.splat(0);
      for (let row = 0; row < rows; row++) {
        s = f32x4.add(s, v128.load(at));
        at += step;
      }
      addWide(scratch + (column << 3), s);
    }
    for (; column < inner; column++) {
      let at = top + (column << 2);
      let s: f32 = 0;
      for (let row = 0; row < rows; row++) {
        s += f32.load(at);
        at += step;
      }
      f64.store(scratch + (column << 3), f64.load(scratch + (column << 3)) + <f64>s);
    }
  }
  for (let column = 0; column < inner; column++) {
    f32.store(to + (column << 2), <f32>(f64.load(scratch + (column << 3)) / divisor));
  }
}

// @ts-ignore: decorator
@inline
function addWide(to: usize, values: v128): void {
  const high = i8x16.shuffle(values, values, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(values)));
  v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(high)), 16);
}
