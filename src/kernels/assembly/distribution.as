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
  for (const end = at + (<usize>length) * 4; at < end; at += 4) {
    const key = keyOf(load<u32>(at), integer);
    const number = <u32>load<u8>(numbers + (key >> 16));
    if (number != 0) increment(counts + (((number - 1) << 16) | (key & 0xffff)) * 4);
  }
}

/** Adds to 66 u32 at `counts`; NaN and Inf are left out. */
export function countBins(at: usize, length: i32, counts: usize, low: f64, high: f64, scale: f64, integer: bool): void {
  for (const end = at + (<usize>length) * 4; at < end; at += 4) {
    const value: f64 = integer ? <f64>load<i32>(at) : <f64>load<f32>(at);
    if (value - value == 0) increment(counts + (<usize>binOf(value, low, high, scale)) * 4);
  }
}

// @ts-ignore: decorator
@inline
function increment(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}
