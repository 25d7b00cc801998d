// Sums of squares and absolute values, float64. Results are added to three float64 at the results' place: Σ x², Σ |x|, values
// not finite.

import { results } from "./results";

export function clearNorms(): void {
  memory.fill(results, 0, 32);
}

/** Adds `length` float32 values at `at`. NaN and Inf go into the sums as IEEE 754 has it, and are counted. */
export function addNorm(at: usize, length: usize): void {
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  let absolute0 = f64x2.splat(0);
  let absolute1 = f64x2.splat(0);
  const start = at;
  const whole = at + (length & ~7) * 4;
  for (; at < whole; at += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const a0 = f64x2.promote_low_f32x4(a);
    const a1 = f64x2.promote_low_f32x4(v128.shuffle<i64>(a, a, 1, 0));
    const b0 = f64x2.promote_low_f32x4(b);
    const b1 = f64x2.promote_low_f32x4(v128.shuffle<i64>(b, b, 1, 0));
    square0 = f64x2.add(square0, f64x2.add(f64x2.mul(a0, a0), f64x2.mul(b0, b0)));
    square1 = f64x2.add(square1, f64x2.add(f64x2.mul(a1, a1), f64x2.mul(b1, b1)));
    absolute0 = f64x2.add(absolute0, f64x2.add(f64x2.abs(a0), f64x2.abs(b0)));
    absolute1 = f64x2.add(absolute1, f64x2.add(f64x2.abs(a1), f64x2.abs(b1)));
  }
  let square = pairSum(f64x2.add(square0, square1));
  let absolute = pairSum(f64x2.add(absolute0, absolute1));
  const end = start + length * 4;
  for (; at < end; at += 4) {
    const value = <f64>load<f32>(at);
    square += value * value;
    absolute += abs(value);
  }
  let lost: f64 = 0;
  if (!(square - square == 0)) {
    for (at = start; at < end; at += 4) {
      const value = load<f32>(at);
      if (!(value - value == 0)) lost++;
    }
  }
  accumulate(square, absolute, lost);
}

/** Adds the differences of `length` float32 values at `a` and at `b`, taken in float64. */
export function addDifference(a: usize, b: usize, length: usize): void {
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  const start = a;
  const other = b;
  const whole = a + (length & ~3) * 4;
  for (; a < whole; a += 16, b += 16) {
    const x = v128.load(a);
    const y = v128.load(b);
    const d0 = f64x2.sub(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y));
    const d1 = f64x2.sub(
      f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0)),
      f64x2.promote_low_f32x4(v128.shuffle<i64>(y, y, 1, 0)),
    );
    square0 = f64x2.add(square0, f64x2.mul(d0, d0));
    square1 = f64x2.add(square1, f64x2.mul(d1, d1));
  }
  let square = pairSum(f64x2.add(square0, square1));
  const end = start + length * 4;
  for (; a < end; a += 4, b += 4) {
    const difference = <f64>load<f32>(a) - <f64>load<f32>(b);
    square += difference * difference;
  }
  let lost: f64 = 0;
  if (!(square - square == 0)) {
    for (a = start, b = other; a < end; a += 4, b += 4) {
      const difference = <f64>load<f32>(a) - <f64>load<f32>(b);
      if (!(difference - difference == 0)) lost++;
    }
  }
  accumulate(square, 0, lost);
}

// @ts-ignore: decorator
@inline
function pairSum(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

// @ts-ignore: decorator
@inline
function accumulate(square: f64, absolute: f64, lost: f64): void {
  store<f64>(results, load<f64>(results) + square);
  store<f64>(results, load<f64>(results, 8) + absolute, 8);
  store<f64>(results, load<f64>(results, 16) + lost, 16);
}
