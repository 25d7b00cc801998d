// Gradients of activations, float32.

/** dx = dy·step(y): 1 for y > 0, NaN for NaN, else 0. Products are taken, so that what is not finite in dy stays so. */
export function reluGradient(dy: usize, y: usize, dx: usize, length: i32): void {
  const one = f32x4.splat(1);
  let at: usize = 0;
  for (const end = <usize>(length & ~3) << 2; at < end; at += 16) {
    const value = v128.load(y + at);
    const step = v128.or(v128.and(f32x4.gt(value, f32x4.splat(0)), one), f32x4.ne(value, value));
    v128.store(dx + at, f32x4.mul(v128.load(dy + at), step));
  }
  for (const end = <usize>length << 2; at < end; at += 4) {
    const value = load<f32>(y + at);
    const step: f32 = value > 0 ? 1 : value == value ? 0 : NaN;
    store<f32>(dx + at, load<f32>(dy + at) * step);
  }
}
