// Order statistics and histogram counts. AssemblyScript.
//
// A value becomes a key: 32 bits that sort, without sign, as the values do (NaN and Inf at both ends).
// Up to one buffer of values is sorted by radix. More are counted in two passes, by the upper and then, where a wanted
// rank lies, by the lower 16 bits of their keys, which finds every order statistic exactly.

const digitBits = 11;
const digits: u32 = 1 << digitBits;

// @ts-ignore: decorator
@inline
function keyOf(bits: u32, integer: bool): u32 {
  if (integer) return bits ^ 0x80000000;
  return bits ^ (<u32>(<i32>bits >> 31) | 0x80000000);
}

// @ts-ignore: decorator
@inline
function valueOf(key: u32, integer: bool): f64 {
  if (integer) return <f64>(<i32>(key ^ 0x80000000));
  return <f64>reinterpret<f32>(key ^ (<u32>(<i32>~key >> 31) | 0x80000000));
}

/** Turns `length` values at `at` into sorted keys, in place; `spare` is as large, `counts` holds 3 × 2048 u32. */
export function sort(at: usize, length: i32, spare: usize, counts: usize, integer: bool): void {
  memory.fill(counts, 0, 3 * digits * 4);
  const end = at + (<usize>length) * 4;
  for (let from = at; from < end; from += 4) {
    const key = keyOf(load<u32>(from), integer);
    store<u32>(from, key);
    increment(counts + (key & (digits - 1)) * 4);
    increment(counts + (digits + ((key >> digitBits) & (digits - 1))) * 4);
    increment(counts + (2 * digits + (key >> (2 * digitBits))) * 4);
  }
  scatter(at, spare, length, 0, counts);
  scatter(spare, at, length, digitBits, counts + digits * 4);
  scatter(at, spare, length, 2 * digitBits, counts + 2 * digits * 4);
  memory.copy(at, spare, <usize>length * 4);
}

function scatter(from: usize, to: usize, length: i32, shift: u32, counts: usize): void {
  let before: u32 = 0;
  for (let digit: u32 = 0; digit < digits; digit++) {
    const count = load<u32>(counts + digit * 4);
    store<u32>(counts + digit * 4, before);
    before += count;
  }
  for (const end = from + (<usize>length) * 4; from < end; from += 4) {
    const key = load<u32>(from);
    const place = counts + ((key >> shift) & (digits - 1)) * 4;
    const index = load<u32>(place);
    store<u32>(place, index + 1);
    store<u32>(to + index * 4, key);
  }
}

/** Value of a key. */
export function decode(key: u32, integer: bool): f64 {
  return valueOf(key, integer) + 0.0;
}

/** Index of the first of `length` sorted keys at `at` whose bin is at least `bin`. */
export function firstInBin(at: usize, length: i32, bin: i32, low: f64, high: f64, scale: f64, integer: bool): i32 {
  let from = 0;
  while (length > 0) {
    const half = length >> 1;
    const value = valueOf(load<u32>(at + (<usize>(from + half)) * 4), integer);
    if (binOf(value, low, high, scale) < bin) {
      from += half + 1;
      length -= half + 1;
    } else length = half;
  }
  return from;
}

/** 0 below `low`, 65 above `high`, 1..64 between. */
// @ts-ignore: decorator
@inline
function binOf(value: f64, low: f64, high: f64, scale: f64): i32 {
  if (value < low) return 0;
  if (value > high) return 65;
  return min(<i32>((value - low) * scale), 63) + 1;
}

/** Counts `length` values at `at` by the upper half of their keys, in 65 536 u32 at `counts`. */
export function countUpper(at: usize, length: i32, counts: usize, integer: bool): void {
  for (const end = at + (<usize>length) * 4; at < end; at += 4) {
    increment(counts + (keyOf(load<u32>(at), integer) >> 16) * 4);
  }
}

/** Counts by the lower half of their keys those values whose upper half has a number n > 0 in the 65 536 bytes at `numbers`. */
export function countLower(at: usize, length: i32, numbers: usize, counts: usize, integer: bool): void {
  // Zeros, which are most of what leaves a ReLU, would all wait for the same counter.
  const zero: u32 = 0x80000000;
  const zeroNumber = <u32>load<u8>(numbers + (zero >> 16));
  let zeros: u32 = 0;
  for (const end = at + (<usize>length) * 4; at < end; at += 4) {
    const key = keyOf(load<u32>(at), integer);
    const isZero = key == zero;
    zeros += u32(isZero);
    const number = select<u32>(0, <u32>load<u8>(numbers + (key >> 16)), isZero);
    if (number != 0) increment(counts + (((number - 1) << 16) | (key & 0xffff)) * 4);
  }
  if (zeroNumber != 0) {
    const place = counts + ((zeroNumber - 1) << 16) * 4;
    store<u32>(place, load<u32>(place) + zeros);
  }
}

/**
 * Adds to 67 u32 at `counts`: 66 bins, and what is NaN or Inf. Four sets of counters, 272 bytes apart, take turns, so that
 * equal neighbours do not wait for each other; the caller adds them up.
 */
export function countBins(at: usize, length: i32, counts: usize, low: f64, high: f64, scale: f64, integer: bool): void {
  const whole = at + (<usize>(length & ~3)) * 4;
  const end = at + (<usize>length) * 4;
  if (integer) {
    for (; at < end; at += 4) increment(counts + (<usize>binOf(<f64>load<i32>(at), low, high, scale)) * 4);
    return;
  }
  for (; at < whole; at += 16) {
    const values = v128.load(at);
    const first = binPair(f64x2.promote_low_f32x4(values), low, high, scale);
    const second = binPair(f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 0)), low, high, scale);
    const pairs = v128.shuffle<i32>(first, second, 0, 1, 4, 5);
    const finite = f32x4.eq(f32x4.sub(values, values), f32x4.splat(0));
    const bins = i32x4.shl(v128.bitselect(pairs, i32x4.splat(66), finite), 2);
    increment(counts + <usize>i32x4.extract_lane(bins, 0));
    increment(counts + 272 + <usize>i32x4.extract_lane(bins, 1));
    increment(counts + 544 + <usize>i32x4.extract_lane(bins, 2));
    increment(counts + 816 + <usize>i32x4.extract_lane(bins, 3));
  }
  for (; at < end; at += 4) {
    const value = <f64>load<f32>(at);
    if (value - value == 0) increment(counts + (<usize>binOf(value, low, high, scale)) * 4);
  }
}

/** `binOf` of two float64, as int32 in the first two lanes. */
// @ts-ignore: decorator
@inline
function binPair(values: v128, low: f64, high: f64, scale: f64): v128 {
  const lows = f64x2.splat(low);
  const inner = f64x2.pmin(f64x2.mul(f64x2.sub(values, lows), f64x2.splat(scale)), f64x2.splat(63));
  const bins = i32x4.add(i32x4.trunc_sat_f64x2_s_zero(inner), i32x4.splat(1));
  const below = narrow(f64x2.lt(values, lows));
  const above = narrow(f64x2.gt(values, f64x2.splat(high)));
  return v128.bitselect(i32x4.splat(65), v128.andnot(bins, below), above);
}

/** Masks of two float64 as masks of the first two int32. */
// @ts-ignore: decorator
@inline
function narrow(mask: v128): v128 {
  return v128.shuffle<i32>(mask, mask, 0, 2, 0, 2);
}

// @ts-ignore: decorator
@inline
function increment(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}
