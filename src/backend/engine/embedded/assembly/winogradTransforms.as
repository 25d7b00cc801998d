// Winograd's minimal filtering (Lavin & Gray 2016) of 3×3 filters, on tiles of 6×6 inputs and 4×4 outputs: 36
// products where the sum over taps takes 144. Four channels at a time, float32.
//
// The polynomials are evaluated at 0, ±√½, ±√2 and ∞. With ±1 and ±2, as usually taken, rounding is five times as large.
// Each transform is applied along height first, then along width, or the other way round; `step` and `toStep` are the
// bytes from one value to the next.

export const places: i32 = 36;

const near: f32 = 0.7071067811865476;
const far: f32 = 1.4142135623730951;

// @ts-ignore: decorator
@inline
function times(values: v128, factor: f32): v128 {
  return f32x4.mul(values, f32x4.splat(factor));
}

/** Six inputs to six places. */
// @ts-ignore: decorator
@inline
export function inputLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, toStep: usize): void {
  const nearEven = f32x4.sub(d4, f32x4.add(d2, d2));
  const nearOdd = times(f32x4.sub(d3, f32x4.add(d1, d1)), near);
  const farEven = f32x4.sub(d4, times(d2, 0.5));
  const farOdd = times(f32x4.sub(d3, times(d1, 0.5)), far);
  v128.store(to, f32x4.add(f32x4.sub(d0, times(d2, 2.5)), d4));
  to += toStep;
  v128.store(to, f32x4.add(nearEven, nearOdd));
  to += toStep;
  v128.store(to, f32x4.sub(nearEven, nearOdd));
  to += toStep;
  v128.store(to, f32x4.add(farEven, farOdd));
  to += toStep;
  v128.store(to, f32x4.sub(farEven, farOdd));
  v128.store(to + toStep, f32x4.add(f32x4.sub(d1, times(d3, 2.5)), d5));
}

/** Three taps to six places. */
// @ts-ignore: decorator
@inline
export function filterLine(g0: v128, g1: v128, g2: v128, to: usize, toStep: usize): void {
  const nearEven = times(f32x4.add(g0, times(g2, 0.5)), -2.0 / 3.0);
  const nearOdd = times(g1, near * <f32>(-2.0 / 3.0));
  const farEven = times(f32x4.add(g0, f32x4.add(g2, g2)), 1.0 / 6.0);
  const farOdd = times(g1, far * <f32>(1.0 / 6.0));
  v128.store(to, g0);
  v128.store(to + toStep, f32x4.add(nearEven, nearOdd));
  v128.store(to + 2 * toStep, f32x4.sub(nearEven, nearOdd));
  v128.store(to + 3 * toStep, f32x4.add(farEven, farOdd));
  v128.store(to + 4 * toStep, f32x4.sub(farEven, farOdd));
  v128.store(to + 5 * toStep, g2);
}

/** Four errors to six places, but for the factors that `tapLine` catches up on. */
// @ts-ignore: decorator
@inline
export function errorLine(g0: v128, g1: v128, g2: v128, g3: v128, to: usize, toStep: usize): void {
  const nearEven = f32x4.add(g0, times(g2, 0.5));
  const nearOdd = times(f32x4.add(g1, times(g3, 0.5)), near);
  const farEven = f32x4.add(g0, f32x4.add(g2, g2));
  const farOdd = times(f32x4.add(g1, f32x4.add(g3, g3)), far);
  v128.store(to, g0);
  to += toStep;
  v128.store(to, f32x4.add(nearEven, nearOdd));
  to += toStep;
  v128.store(to, f32x4.sub(nearEven, nearOdd));
  to += toStep;
  v128.store(to, f32x4.add(farEven, farOdd));
  to += toStep;
  v128.store(to, f32x4.sub(farEven, farOdd));
  v128.store(to + toStep, g3);
}

/** Six places to four outputs. */
// @ts-ignore: decorator
@inline
export function outputLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const m0 = v128.load(from);
  const m1 = v128.load((from += step));
  const m2 = v128.load((from += step));
  const m3 = v128.load((from += step));
  const m4 = v128.load((from += step));
  const m5 = v128.load(from + step);
  const nearSum = f32x4.add(m1, m2);
  const nearDifference = times(f32x4.sub(m1, m2), near);
  const farSum = f32x4.add(m3, m4);
  const farDifference = times(f32x4.sub(m3, m4), far);
  v128.store(to, f32x4.add(m0, f32x4.add(nearSum, farSum)));
  v128.store(to + toStep, f32x4.add(nearDifference, farDifference));
  v128.store(to + 2 * toStep, f32x4.add(times(nearSum, 0.5), f32x4.add(farSum, farSum)));
  const last = f32x4.add(times(nearDifference, 0.5), f32x4.add(farDifference, farDifference));
  v128.store(to + 3 * toStep, f32x4.add(last, m5));
}

/** Six places to the gradients of three taps. */
// @ts-ignore: decorator
@inline
export function tapLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const m1 = v128.load(from + step);
  const m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step);
  const m4 = v128.load(from + 4 * step);
  const nearSum = times(f32x4.add(m1, m2), -2.0 / 3.0);
  const nearDifference = times(f32x4.sub(m1, m2), near * <f32>(-2.0 / 3.0));
  const farSum = times(f32x4.add(m3, m4), 1.0 / 6.0);
  const farDifference = times(f32x4.sub(m3, m4), far * <f32>(1.0 / 6.0));
  v128.store(to, f32x4.add(v128.load(from), f32x4.add(nearSum, farSum)));
  v128.store(to + toStep, f32x4.add(nearDifference, farDifference));
  const last = f32x4.add(times(nearSum, 0.5), f32x4.add(farSum, farSum));
  v128.store(to + 2 * toStep, f32x4.add(last, v128.load(from + 5 * step)));
}
