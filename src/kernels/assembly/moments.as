// Moments, extremes, zeros and saturation of a chunk, in one pass. AssemblyScript; memory is laid out by `layout`.
//
// The unit of work is a strip: four neighbouring columns ("lanes") of a row-major block. A lane belongs to one channel;
// a channel may own several lanes. Every lane keeps, since `begin`:
//   shift  f64  its first finite value; sums are of x − shift, so that a large mean cancels nothing
//   sum    f64  Σ (x − shift)        square  f64  Σ (x − shift)²
//   count  u32  finite values        zeros   u32  values equal to 0        lost  u32  NaN and Inf values
// Sums of one strip are gathered in registers and added to the lane only when they are finite: float64 cannot overflow
// on squares of float32, so a sum of squares is finite exactly when every value was. Otherwise the strip is done again,
// value by value masked.

// The results that are not per lane take 144 bytes: vectors of four, then, from `fold`, float64.

import { placeResults, results } from "./results";

let lowest: usize = 0;
let highest: usize = 0;
let saturated: usize = 0;
let notANumber: usize = 0;
let folded: usize = 0;

let shifts: usize = 0;
let sums: usize = 0;
let squares: usize = 0;
let counts: usize = 0;
let zeros: usize = 0;
let losts: usize = 0;

const plain = 0;
const tanh = 1;
const sigmoid = 2;
const integer = 3;

/** Places the results at `at` and the arrays of `capacity` lanes from `base` on; `capacity` is a multiple of 4. */
export function layout(at: usize, base: usize, capacity: usize): void {
  placeResults(at);
  lowest = at;
  highest = at + 16;
  saturated = at + 32;
  notANumber = at + 48;
  folded = at + 64;
  shifts = base;
  sums = base + capacity * 8;
  squares = base + capacity * 16;
  counts = base + capacity * 24;
  zeros = base + capacity * 28;
  losts = base + capacity * 32;
}

export function begin(lanes: usize, mode: i32): void {
  memory.fill(shifts, 0, lanes * 8);
  memory.fill(sums, 0, lanes * 8);
  memory.fill(squares, 0, lanes * 8);
  memory.fill(counts, 0, lanes * 4);
  memory.fill(zeros, 0, lanes * 4);
  memory.fill(losts, 0, lanes * 4);
  v128.store(lowest, mode == integer ? i32x4.splat(i32.MAX_VALUE) : f32x4.splat(Infinity));
  v128.store(highest, mode == integer ? i32x4.splat(i32.MIN_VALUE) : f32x4.splat(-Infinity));
  v128.store(saturated, i32x4.splat(0));
  v128.store(notANumber, i32x4.splat(0));
}

// @ts-ignore: decorator
@inline
function lowPair(values: v128, mode: i32): v128 {
  return mode == integer ? f64x2.convert_low_i32x4_s(values) : f64x2.promote_low_f32x4(values);
}

// @ts-ignore: decorator
@inline
function highPair(values: v128, mode: i32): v128 {
  return lowPair(v128.shuffle<i64>(values, values, 1, 0), mode);
}

// @ts-ignore: decorator
@inline
function smaller(a: v128, b: v128, mode: i32): v128 {
  return mode == integer ? i32x4.min_s(a, b) : f32x4.pmin(a, b);
}

// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128, mode: i32): v128 {
  return mode == integer ? i32x4.max_s(a, b) : f32x4.pmax(a, b);
}

// @ts-ignore: decorator
@inline
function isZero(values: v128, mode: i32): v128 {
  return mode == integer ? i32x4.eq(values, i32x4.splat(0)) : f32x4.eq(values, f32x4.splat(0));
}

// The bounds are 0.97 and 0.03 as real numbers: float32(0.97) lies above 0.97, float32(0.03) below 0.03.
// @ts-ignore: decorator
@inline
function isSaturated(values: v128, mode: i32): v128 {
  if (mode == tanh) return f32x4.ge(f32x4.abs(values), f32x4.splat(0.97));
  return v128.or(f32x4.ge(values, f32x4.splat(0.97)), f32x4.le(values, f32x4.splat(0.03)));
}

// @ts-ignore: decorator
@inline
function finiteMask(values: v128): v128 {
  return f32x4.eq(f32x4.sub(values, values), f32x4.splat(0));
}

/** First finite value of each lane that has none yet; stays 0 where all are NaN or Inf. */
// @ts-ignore: decorator
@inline
function pickShift(at: usize, rows: i32, stride: usize, lane: usize, mode: i32): void {
  const first = v128.load(at);
  if (v128.any_true(v128.load(counts + lane * 4)) || (mode != integer && !i32x4.all_true(finiteMask(first)))) {
    pickShiftOneByOne(at, rows, stride, lane, mode);
    return;
  }
  v128.store(shifts + lane * 8, lowPair(first, mode));
  v128.store(shifts + lane * 8, highPair(first, mode), 16);
}

function pickShiftOneByOne(at: usize, rows: i32, stride: usize, lane: usize, mode: i32): void {
  for (let i: usize = 0; i < 4; i++) {
    if (load<u32>(counts + (lane + i) * 4) != 0) continue;
    let from = at + i * 4;
    for (let row = 0; row < rows; row++, from += stride) {
      const value: f64 = mode == integer ? <f64>load<i32>(from) : <f64>load<f32>(from);
      if (value - value == 0) {
        store<f64>(shifts + (lane + i) * 8, value);
        break;
      }
    }
  }
}

/** Adds `rows` rows of four lanes; false (and nothing changed) when a value is not finite and `masked` is false. */
// @ts-ignore: decorator
@inline
function strip(at: usize, rows: i32, stride: usize, lane: usize, mode: i32, masked: bool): bool {
  const wide = lane * 8;
  const narrow = lane * 4;
  const oldCount = v128.load(counts + narrow);
  if (!i32x4.all_true(oldCount)) pickShift(at, rows, stride, lane, mode);
  const shift0 = v128.load(shifts + wide);
  const shift1 = v128.load(shifts + wide, 16);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let square0 = f64x2.splat(0);
  let square1 = f64x2.splat(0);
  let low = v128.load(lowest);
  let high = v128.load(highest);
  let zero = i32x4.splat(0);
  let full = i32x4.splat(0);
  let lost = i32x4.splat(0);
  let nan = i32x4.splat(0);

  if (masked) {
    for (let row = 0; row < rows; row++, at += stride) {
      const a = v128.load(at);
      const finite = finiteMask(a);
      const mask0 = i64x2.extend_low_i32x4_s(finite);
      const mask1 = i64x2.extend_high_i32x4_s(finite);
      const a0 = v128.and(mask0, f64x2.sub(lowPair(a, mode), shift0));
      const a1 = v128.and(mask1, f64x2.sub(highPair(a, mode), shift1));
      sum0 = f64x2.add(sum0, a0);
      sum1 = f64x2.add(sum1, a1);
      square0 = f64x2.add(square0, f64x2.mul(a0, a0));
      square1 = f64x2.add(square1, f64x2.mul(a1, a1));
      low = smaller(low, v128.bitselect(a, f32x4.splat(Infinity), finite), mode);
      high = larger(high, v128.bitselect(a, f32x4.splat(-Infinity), finite), mode);
      zero = i32x4.sub(zero, isZero(a, mode));
      lost = i32x4.sub(lost, v128.not(finite));
      nan = i32x4.sub(nan, f32x4.ne(a, a));
      if (mode == tanh || mode == sigmoid) full = i32x4.sub(full, v128.and(finite, isSaturated(a, mode)));
    }
  } else {
    let row = 0;
    for (; row + 1 < rows; row += 2, at += stride * 2) {
      const a = v128.load(at);
      const b = v128.load(at + stride);
      const a0 = f64x2.sub(lowPair(a, mode), shift0);
      const b0 = f64x2.sub(lowPair(b, mode), shift0);
      const a1 = f64x2.sub(highPair(a, mode), shift1);
      const b1 = f64x2.sub(highPair(b, mode), shift1);
      sum0 = f64x2.add(sum0, f64x2.add(a0, b0));
      sum1 = f64x2.add(sum1, f64x2.add(a1, b1));
      square0 = f64x2.add(square0, f64x2.add(f64x2.mul(a0, a0), f64x2.mul(b0, b0)));
      square1 = f64x2.add(square1, f64x2.add(f64x2.mul(a1, a1), f64x2.mul(b1, b1)));
      low = smaller(low, smaller(a, b, mode), mode);
      high = larger(high, larger(a, b, mode), mode);
      zero = i32x4.sub(zero, i32x4.add(isZero(a, mode), isZero(b, mode)));
      if (mode == tanh || mode == sigmoid) {
        full = i32x4.sub(full, i32x4.add(isSaturated(a, mode), isSaturated(b, mode)));
      }
    }
    if (row < rows) {
      const a = v128.load(at);
      const a0 = f64x2.sub(lowPair(a, mode), shift0);
      const a1 = f64x2.sub(highPair(a, mode), shift1);
      sum0 = f64x2.add(sum0, a0);
      sum1 = f64x2.add(sum1, a1);
      square0 = f64x2.add(square0, f64x2.mul(a0, a0));
      square1 = f64x2.add(square1, f64x2.mul(a1, a1));
      low = smaller(low, a, mode);
      high = larger(high, a, mode);
      zero = i32x4.sub(zero, isZero(a, mode));
      if (mode == tanh || mode == sigmoid) full = i32x4.sub(full, isSaturated(a, mode));
    }
    if (mode != integer) {
      const all = f64x2.add(square0, square1);
      if (!i64x2.all_true(f64x2.eq(f64x2.sub(all, all), f64x2.splat(0)))) return false;
    }
  }

  v128.store(sums + wide, f64x2.add(v128.load(sums + wide), sum0));
  v128.store(sums + wide, f64x2.add(v128.load(sums + wide, 16), sum1), 16);
  v128.store(squares + wide, f64x2.add(v128.load(squares + wide), square0));
  v128.store(squares + wide, f64x2.add(v128.load(squares + wide, 16), square1), 16);
  v128.store(counts + narrow, i32x4.add(oldCount, i32x4.sub(i32x4.splat(rows), lost)));
  v128.store(zeros + narrow, i32x4.add(v128.load(zeros + narrow), zero));
  v128.store(lowest, low);
  v128.store(highest, high);
  if (masked) {
    v128.store(losts + narrow, i32x4.add(v128.load(losts + narrow), lost));
    v128.store(notANumber, i32x4.add(v128.load(notANumber), nan));
  }
  if (mode == tanh || mode == sigmoid) v128.store(saturated, i32x4.add(v128.load(saturated), full));
  return true;
}

// @ts-ignore: decorator
@inline
function block(at: usize, rows: i32, stride: usize, lane: usize, lanes: usize, mode: i32): void {
  for (const end = lane + lanes; lane < end; lane += 4, at += 16) {
    if (!strip(at, rows, stride, lane, mode, false)) strip(at, rows, stride, lane, mode, true);
  }
}

/**
 * Adds a row-major block of `rows` × `lanes` values (lanes a multiple of 4, the first one being lane number `lane`),
 * rows `stride` bytes apart, `rowsAtOnce` rows at a time so that a piece stays in the first-level cache.
 */
export function add(at: usize, rows: i32, stride: usize, lane: usize, lanes: usize, rowsAtOnce: i32, mode: i32): void {
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const some = min(rowsAtOnce, rows - row);
    if (mode == plain) block(at, some, stride, lane, lanes, plain);
    else if (mode == tanh) block(at, some, stride, lane, lanes, tanh);
    else if (mode == sigmoid) block(at, some, stride, lane, lanes, sigmoid);
    else block(at, some, stride, lane, lanes, integer);
    at += stride * some;
  }
}

/** Adds at most three values, one to each lane from `lane` on: what is left when the values end within a vector. */
export function rest(at: usize, length: usize, lane: usize, mode: i32): void {
  for (const end = lane + length; lane < end; lane++, at += 4) {
    const value: f64 = mode == integer ? <f64>load<i32>(at) : <f64>load<f32>(at);
    if (!(value - value == 0)) {
      increment(losts + lane * 4, true);
      increment(notANumber, value != value);
      continue;
    }
    if (load<u32>(counts + lane * 4) == 0) store<f64>(shifts + lane * 8, value);
    const shifted = value - load<f64>(shifts + lane * 8);
    store<f64>(sums + lane * 8, load<f64>(sums + lane * 8) + shifted);
    store<f64>(squares + lane * 8, load<f64>(squares + lane * 8) + shifted * shifted);
    increment(counts + lane * 4, true);
    increment(zeros + lane * 4, value == 0);
    if (mode == integer) {
      store<i32>(lowest, min(load<i32>(lowest), load<i32>(at)));
      store<i32>(highest, max(load<i32>(highest), load<i32>(at)));
    } else {
      store<f32>(lowest, min(load<f32>(lowest), <f32>value));
      store<f32>(highest, max(load<f32>(highest), <f32>value));
    }
    if (mode == tanh) increment(saturated, abs(value) > 0.97);
    else if (mode == sigmoid) increment(saturated, value > 0.97 || value < 0.03);
  }
}

// @ts-ignore: decorator
@inline
function increment(at: usize, when: bool): void {
  store<u32>(at, load<u32>(at) + u32(when));
}

/**
 * Joins the lanes of each channel, then the channels, by means and squared deviations (Chan, Golub & LeVeque 1983).
 * Lane l belongs to channel l mod `channels`, or l / 4 when `runs`. Leaves per channel: mean in `shifts`, biased variance
 * in `squares` (NaN without finite values); and at `folded`, as float64: finite values, mean, variance, zeros, channels
 * whose share of zeros is above 0.99 of `perChannel`, first channel with a NaN or Inf (−1: none), smallest and largest finite
 * value, saturated values, NaN. Needs room for one lane more than there are channels.
 */
export function fold(lanes: usize, channels: usize, runs: bool, perChannel: f64, mode: i32): void {
  for (let lane: usize = 0; lane < lanes; lane += 2) {
    const wide = lane * 8;
    const count = f64x2.convert_low_i32x4_u(v128.load64_zero(counts + lane * 4));
    const mean = f64x2.div(v128.load(sums + wide), f64x2.max(count, f64x2.splat(1)));
    const deviation = f64x2.sub(v128.load(squares + wide), f64x2.mul(mean, v128.load(sums + wide)));
    v128.store(squares + wide, f64x2.max(deviation, f64x2.splat(0)));
    v128.store(shifts + wide, f64x2.add(v128.load(shifts + wide), mean));
    v128.store(sums + wide, count);
  }
  let zeroCount: f64 = 0;
  let dead: f64 = 0;
  let firstLost: f64 = -1;
  for (let channel: usize = 0; channel < channels; channel++) {
    let zero: f64 = 0;
    let lost: u32 = 0;
    const first = runs ? channel * 4 : channel;
    const next: usize = runs ? 1 : channels;
    const end = runs ? first + 4 : lanes;
    for (let lane = first; lane < end; lane += next) {
      zero += load<u32>(zeros + lane * 4);
      lost |= load<u32>(losts + lane * 4);
    }
    if (lanes > channels) merge(first, next, end, channel);
    zeroCount += zero;
    if (zero > 0.99 * perChannel) dead++;
    if (lost != 0 && firstLost < 0) firstLost = <f64>channel;
  }
  store<f64>(folded, zeroCount, 24);
  store<f64>(folded, dead, 32);
  store<f64>(folded, firstLost, 40);

  merge(0, 1, channels, channels);
  const total = load<f64>(sums + channels * 8);
  store<f64>(folded, total);
  store<f64>(folded, total == 0 ? NaN : load<f64>(shifts + channels * 8), 8);
  store<f64>(folded, load<f64>(squares + channels * 8) / total, 16);
  let low: f64 = Infinity;
  let high: f64 = -Infinity;
  let full: f64 = 0;
  let nan: f64 = 0;
  for (let lane: usize = 0; lane < 16; lane += 4) {
    low = min(low, mode == integer ? <f64>load<i32>(lowest + lane) : <f64>load<f32>(lowest + lane));
    high = max(high, mode == integer ? <f64>load<i32>(highest + lane) : <f64>load<f32>(highest + lane));
    full += <f64>load<u32>(saturated + lane);
    nan += <f64>load<u32>(notANumber + lane);
  }
  store<f64>(folded, total == 0 ? NaN : low, 48);
  store<f64>(folded, total == 0 ? NaN : high, 56);
  store<f64>(folded, full, 64);
  store<f64>(folded, nan, 72);
  for (let channel: usize = 0; channel < channels; channel++) {
    const count = load<f64>(sums + channel * 8);
    if (count == 0) store<f64>(shifts + channel * 8, NaN);
    store<f64>(squares + channel * 8, load<f64>(squares + channel * 8) / count);
  }
}

/** Joins the groups `from`, `from` + `next`, … below `end` (count in `sums`, mean in `shifts`, deviation in `squares`) to one, at `to`. */
function merge(from: usize, next: usize, end: usize, to: usize): void {
  while (from < end && load<f64>(sums + from * 8) == 0) from += next;
  if (from >= end) {
    store<f64>(sums + to * 8, 0);
    store<f64>(shifts + to * 8, 0);
    store<f64>(squares + to * 8, 0);
    return;
  }
  // Means are taken relative to that of the first group, which cancels no more than the sums of a lane do.
  const start = load<f64>(shifts + from * 8);
  let count: f64 = 0;
  let sum: f64 = 0;
  let square: f64 = 0;
  for (; from < end; from += next) {
    const some = load<f64>(sums + from * 8);
    const distance = load<f64>(shifts + from * 8) - start;
    count += some;
    sum += some * distance;
    square += load<f64>(squares + from * 8) + some * distance * distance;
  }
  store<f64>(sums + to * 8, count);
  store<f64>(shifts + to * 8, start + sum / count);
  store<f64>(squares + to * 8, max(square - sum * (sum / count), 0));
}
