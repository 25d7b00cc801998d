// Adam's update, float32: each operation rounded as tfjs's fourteen kernels round it, in the same order.

// @ts-ignore: decorator
@inline
function shrink(a: v128, factor: f32, b: v128, share: f32): v128 {
  return f32x4.add(f32x4.mul(a, f32x4.splat(factor)), f32x4.mul(b, f32x4.splat(share)));
}

/** Weights, first and second moments move on, `length` values each; the results may take their arguments' place. */
export function adam(
  gradient: usize, first: usize, second: usize, weight: usize, newFirst: usize, newSecond: usize, newWeight: usize, length: i32,
  beta1: f32, share1: f32, beta2: f32, share2: f32, correction1: f32, correction2: f32, epsilon: f32, rate: f32,
): void {
  let at: usize = 0;
  for (const end = <usize>(length & ~3) << 2; at < end; at += 16) {
    const g = v128.load(gradient + at);
    const m = shrink(v128.load(first + at), beta1, g, share1);
    const v = shrink(v128.load(second + at), beta2, f32x4.mul(g, g), share2);
    const root = f32x4.sqrt(f32x4.div(v, f32x4.splat(correction2)));
    const step = f32x4.div(f32x4.div(m, f32x4.splat(correction1)), f32x4.add(root, f32x4.splat(epsilon)));
    v128.store(newFirst + at, m);
    v128.store(newSecond + at, v);
    v128.store(newWeight + at, f32x4.add(f32x4.mul(step, f32x4.splat(rate)), v128.load(weight + at)));
  }
  for (const end = <usize>length << 2; at < end; at += 4) {
    const g = load<f32>(gradient + at);
    const m = load<f32>(first + at) * beta1 + g * share1;
    const v = load<f32>(second + at) * beta2 + g * g * share2;
    const step = m / correction1 / (sqrt<f32>(v / correction2) + epsilon);
    store<f32>(newFirst + at, m);
    store<f32>(newSecond + at, v);
    store<f32>(newWeight + at, step * rate + load<f32>(weight + at));
  }
}
