// Elementwise operations, float32, that pass over [rows, inner] with an operand of [inner], which lies in the cache.

const multiply: i32 = 0;
const add: i32 = 1;
const subtract: i32 = 2;
const divide: i32 = 3;
// NaN where either is.
const larger: i32 = 4;
const smaller: i32 = 5;

// @ts-ignore: decorator
@inline
function vector(operation: i32, a: v128, b: v128): v128 {
  if (operation == multiply) return f32x4.mul(a, b);
  if (operation == add) return f32x4.add(a, b);
  if (operation == subtract) return f32x4.sub(a, b);
  if (operation == larger) return f32x4.max(a, b);
  if (operation == smaller) return f32x4.min(a, b);
  return f32x4.div(a, b);
}

// @ts-ignore: decorator
@inline
function single(operation: i32, a: f32, b: f32): f32 {
  if (operation == multiply) return a * b;
  if (operation == add) return a + b;
  if (operation == subtract) return a - b;
  if (operation == larger) return max<f32>(a, b);
  if (operation == smaller) return min<f32>(a, b);
  return a / b;
}

// @ts-ignore: decorator
@inline
function pass(operation: i32, swapped: bool, full: usize, row: usize, to: usize, rows: i32, inner: i32): void {
  const length: usize = inner << 2;
  const vectors: usize = (inner & ~3) << 2;
  for (let r = 0; r < rows; r++) {
    for (let i: usize = 0; i < vectors; i += 16) {
      const a = v128.load(full + i);
      const b = v128.load(row + i);
      v128.store(to + i, swapped ? vector(operation, b, a) : vector(operation, a, b));
    }
    for (let i = vectors; i < length; i += 4) {
      const a = f32.load(full + i);
      const b = f32.load(row + i);
      f32.store(to + i, swapped ? single(operation, b, a) : single(operation, a, b));
    }
    full += length;
    to += length;
  }
}

/** to[r, i] = full[r, i] ∘ row[i], or row[i] ∘ full[r, i] when `swapped`. */
export function withRow(operation: i32, swapped: bool, full: usize, row: usize, to: usize, rows: i32, inner: i32): void {
  if (operation == multiply) pass(multiply, false, full, row, to, rows, inner);
  else if (operation == add) pass(add, false, full, row, to, rows, inner);
  else if (operation == larger) pass(larger, false, full, row, to, rows, inner);
  else if (operation == smaller) pass(smaller, false, full, row, to, rows, inner);
  else if (operation == subtract) {
    if (swapped) pass(subtract, true, full, row, to, rows, inner);
    else pass(subtract, false, full, row, to, rows, inner);
  } else if (swapped) pass(divide, true, full, row, to, rows, inner);
  else pass(divide, false, full, row, to, rows, inner);
}

// @ts-ignore: decorator
@inline
function spread(operation: i32, swapped: bool, full: usize, value: f32, to: usize, length: i32): void {
  const end: usize = full + (length << 2);
  const vectorsEnd: usize = full + ((length & ~3) << 2);
  const values = f32x4.splat(value);
  for (; full < vectorsEnd; full += 16, to += 16) {
    const a = v128.load(full);
    v128.store(to, swapped ? vector(operation, values, a) : vector(operation, a, values));
  }
  for (; full < end; full += 4, to += 4) {
    const a = f32.load(full);
    f32.store(to, swapped ? single(operation, value, a) : single(operation, a, value));
  }
}

/** to[i] = full[i] ∘ value, or value ∘ full[i] when `swapped`; the value lies at `at`. */
export function withScalar(operation: i32, swapped: bool, full: usize, at: usize, to: usize, length: i32): void {
  const value = f32.load(at);
  if (operation == multiply) spread(multiply, false, full, value, to, length);
  else if (operation == add) spread(add, false, full, value, to, length);
  else if (operation == larger) spread(larger, false, full, value, to, length);
  else if (operation == smaller) spread(smaller, false, full, value, to, length);
  else if (operation == subtract) {
    if (swapped) spread(subtract, true, full, value, to, length);
    else spread(subtract, false, full, value, to, length);
  } else if (swapped) spread(divide, true, full, value, to, length);
  else spread(divide, false, full, value, to, length);
}

/** dx[i] = dy[i] where x[i] lies within the bounds, else 0. */
export function clampGradient(x: usize, dy: usize, dx: usize, length: i32, low: f32, high: f32): void {
  const end: usize = x + (length << 2);
  const vectorsEnd: usize = x + ((length & ~3) << 2);
  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(high);
  for (; x < vectorsEnd; x += 16, dy += 16, dx += 16) {
    const v = v128.load(x);
    const inside = v128.and(f32x4.ge(v, lowest), f32x4.le(v, highest));
    v128.store(dx, v128.and(inside, v128.load(dy)));
  }
  for (; x < end; x += 4, dy += 4, dx += 4) {
    const v = f32.load(x);
    f32.store(dx, v >= low && v <= high ? f32.load(dy) : 0);
  }
}

/** to[r, i] = (x[r, i] − mean[i]) · factor[i] + offset[i]. */
export function normalize(x: usize, mean: usize, factor: usize, offset: usize, to: usize, rows: i32, inner: i32): void {
  const length: usize = inner << 2;
  const vectors: usize = (inner & ~3) << 2;
  for (let r = 0; r < rows; r++) {
    for (let i: usize = 0; i < vectors; i += 16) {
      const centred = f32x4.sub(v128.load(x + i), v128.load(mean + i));
      v128.store(to + i, f32x4.add(f32x4.mul(centred, v128.load(factor + i)), v128.load(offset + i)));
    }
    for (let i = vectors; i < length; i += 4) {
      f32.store(to + i, (f32.load(x + i) - f32.load(mean + i)) * f32.load(factor + i) + f32.load(offset + i));
    }
    x += length;
    to += length;
  }
}

/** values[r, i] = clamp(values[r, i] + bias[i]); `bias` may be 0 for none. */
export function addBias(values: usize, bias: usize, rows: i32, inner: i32, low: f32, high: f32): void {
  const length: usize = inner << 2;
  const vectors: usize = (inner & ~3) << 2;
  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(high);
  for (let r = 0; r < rows; r++) {
    for (let i: usize = 0; i < vectors; i += 16) {
      let v = v128.load(values + i);
      if (bias != 0) v = f32x4.add(v, v128.load(bias + i));
      v128.store(values + i, f32x4.pmin(f32x4.pmax(v, lowest), highest));
    }
    for (let i = vectors; i < length; i += 4) {
      let v = f32.load(values + i);
      if (bias != 0) v += f32.load(bias + i);
      if (v < low) v = low;
      if (v > high) v = high;
      f32.store(values + i, v);
    }
    values += length;
  }
}

/** to[i] = x[i], but within [low, high]; NaN stays NaN. */
export function clamp(x: usize, to: usize, length: i32, low: f32, high: f32): void {
  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(high);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    v128.store(to, f32x4.pmin(f32x4.pmax(v128.load(x), lowest), highest));
    x += 16;
    to += 16;
  }
  for (; i < length; i++) {
    let value = f32.load(x);
    if (value < low) value = low;
    if (value > high) value = high;
    f32.store(to, value);
    x += 4;
    to += 4;
  }
}

/** to[i] = max(0, x[i]); NaN stays NaN, whatever its sign. */
export function rectify(x: usize, to: usize, length: i32): void {
  const zero = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const v = v128.load(x);
    v128.store(to, v128.andnot(v, f32x4.le(v, zero)));
    x += 16;
    to += 16;
  }
  for (; i < length; i++) {
    const value = f32.load(x);
    f32.store(to, value <= 0 ? 0 : value);
    x += 4;
    to += 4;
  }
}

/** Unsigned bytes (booleans) to floats. */
export function floatsOfBytes(from: usize, to: usize, length: i32): void {
  let i = 0;
  for (; i + 8 <= length; i += 8) {
    const wide = v128.load8x8_u(from);
    v128.store(to, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(wide)));
    v128.store(to, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(wide)), 16);
    from += 8;
    to += 32;
  }
  for (; i < length; i++) {
    f32.store(to, <f32>load<u8>(from));
    from++;
    to += 4;
  }
}
