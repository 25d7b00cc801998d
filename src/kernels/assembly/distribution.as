// Order statistics and histogram counts. AssemblyScript.
//
// A value becomes a key: 32 bits that sort, without sign, as the values do (NaN and Inf at both ends). Values are counted by
// the upper bits of their keys, which tells in what group a wanted rank lies; the few values of those groups are collected,
// and the rank is found among them by partitioning (Hoare 1961). Every order statistic is thus exact. Many values are
// counted twice instead, by the upper and then, where a wanted rank lies, by the lower 16 bits of their keys.
//
// Zeros, which are most of what leaves a ReLU, are counted apart: they would all wait for the same counter.

const zeroKey: u32 = 0x80000000;
/** Keys of finite float32 values. */
const firstFinite: u32 = 0x00800000;
const afterFinite: u32 = 0xff800000;
const percentiles: i32 = 5;
/** Bytes of one of the four sets of bin counters. */
const binSetBytes: usize = 272;

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

// @ts-ignore: decorator
@inline
function isZero(bits: u32, integer: bool): bool {
  return integer ? bits == 0 : bits << 1 == 0;
}

/** Value of a key. */
export function decode(key: u32, integer: bool): f64 {
  return valueOf(key, integer) + 0.0;
}

function factorOf(steps: i32): u32 {
  let factor: u32 = 1;
  for (let step = 0; step < steps; step++) factor *= 1664525;
  return factor;
}

/** Of the generator of `stratifiedSample`, from this state on. */
function stateAfter(steps: i32, state: u32 = 0x9e3779b9): u32 {
  for (let step = 0; step < steps; step++) state = state * 1664525 + 1013904223;
  return state;
}

/**
 * Copies to `to` one of the `length` values at `at` from each of `size` equal stretches: `stratifiedSample` in four lanes.
 * Adding 1.5·2⁵² to a float64 below 2³² leaves it, rounded, in the lower half of its bits.
 */
export function gather(at: usize, length: i32, to: usize, size: i32): void {
  const stretch = <f64>length / <f64>size;
  let states = i32x4.splat(stateAfter(1));
  states = i32x4.replace_lane(states, 1, stateAfter(2));
  states = i32x4.replace_lane(states, 2, stateAfter(3));
  states = i32x4.replace_lane(states, 3, stateAfter(4));
  const factor = i32x4.splat(factorOf(4));
  const share = i32x4.splat(stateAfter(4, 0));
  // Everything in 1/2³¹ of a stretch; half a place less, for what is added rounds to the nearest.
  const scale = f64x2.splat(stretch / 2147483648.0);
  const step = f64x2.splat(2 * 2147483648.0);
  const magic = f64x2.splat(6755399441055744.0);
  let low = f64x2.replace_lane(f64x2.splat((-0.5 / stretch) * 2147483648.0), 1, (1 - 0.5 / stretch) * 2147483648.0);
  for (const end = to + (<usize>(size & ~3) << 2); to < end; to += 16) {
    const high = f64x2.add(low, step);
    const random = i32x4.shr_u(states, 1);
    const places = v128.shuffle<i32>(
      f64x2.add(f64x2.mul(f64x2.add(low, f64x2.convert_low_i32x4_s(random)), scale), magic),
      f64x2.add(
        f64x2.mul(f64x2.add(high, f64x2.convert_low_i32x4_s(v128.shuffle<i64>(random, random, 1, 0))), scale),
        magic,
      ),
      0, 2, 4, 6,
    );
    store<u32>(to, load<u32>(at + (<usize>i32x4.extract_lane(places, 0) << 2)));
    store<u32>(to, load<u32>(at + (<usize>i32x4.extract_lane(places, 1) << 2)), 4);
    store<u32>(to, load<u32>(at + (<usize>i32x4.extract_lane(places, 2) << 2)), 8);
    store<u32>(to, load<u32>(at + (<usize>i32x4.extract_lane(places, 3) << 2)), 12);
    states = i32x4.add(i32x4.mul(states, factor), share);
    low = f64x2.add(high, step);
  }
  let state = <u32>i32x4.extract_lane(states, 0);
  for (let index = size & ~3; index < size; index++, to += 4) {
    const place = (<f64>index + <f64>(state >> 1) / 2147483648.0) * stretch;
    store<u32>(to, load<u32>(at + (<usize>place << 2)));
    state = state * 1664525 + 1013904223;
  }
}

/**
 * Percentiles and histogram of `length` values at `at`. Writes 72 float64 to `out`: how many are finite, percentiles 0.1,
 * 15, 50, 85 and 99.9 (type 7), 66 counts.
 * `counts` has room for 2^`bits` + 4 u32, `numbers` for 2^`bits` bytes, which are 0 before and after; `spare` for `length` u32;
 * `sets` for four sets of bin counters.
 */
export function distribute(
  at: usize, length: i32, integer: bool, bits: u32, counts: usize, numbers: usize, spare: usize, sets: usize, out: usize,
): void {
  if (integer) distributed(at, length, true, bits, counts, numbers, spare, sets, out);
  else distributed(at, length, false, bits, counts, numbers, spare, sets, out);
}

// @ts-ignore: decorator
@inline
function distributed(
  at: usize, length: i32, integer: bool, bits: u32, counts: usize, numbers: usize, spare: usize, sets: usize, out: usize,
): void {
  const shift = 32 - bits;
  memory.fill(counts, 0, (4 << bits) + 16);
  const zeros = countGroups(at, length, counts, counts + (4 << bits), shift, integer);
  const zeroGroup = counts + (zeroKey >> shift) * 4;
  store<u32>(zeroGroup, load<u32>(zeroGroup) + zeros);
  const from: usize = integer ? 0 : firstFinite >> shift;
  const to: usize = integer ? 1 << bits : afterFinite >> shift;
  let finite: u32 = 0;
  if (integer) finite = length;
  else finite = length - sum(counts, from) - sum(counts + to * 4, (1 << bits) - to);
  store<f64>(out, <f64>finite);
  memory.fill(sets, 0, 4 * binSetBytes);
  if (finite == 0) {
    for (let index: usize = 1; index < 72; index++) store<f64>(out + index * 8, index <= <usize>percentiles ? NaN : 0);
    return;
  }
  ranks(at, length, integer, shift, counts, numbers, spare, out, from, finite, zeros);
  const low = load<f64>(out, 8);
  const high = load<f64>(out, 40);
  countBins(at, length, sets, low, high, high > low ? 64 / (high - low) : 0, integer, finite == length);
  for (let bin: usize = 0; bin < 66; bin++) {
    const place = sets + bin * 4;
    const count = load<u32>(place) + load<u32>(place, 272) + load<u32>(place, 544) + load<u32>(place, 816);
    store<f64>(out + (6 + bin) * 8, <f64>count);
  }
}

function sum(counts: usize, length: usize): u32 {
  let total: u32 = 0;
  for (const end = counts + length * 4; counts < end; counts += 4) total += load<u32>(counts);
  return total;
}

/** Counts values other than zero by the upper bits of their keys, zeros in the four counters at `zeros`; returns their number. */
// @ts-ignore: decorator
@inline
function countGroups(at: usize, length: i32, counts: usize, zeros: usize, shift: u32, integer: bool): u32 {
  const whole = at + (<usize>(length & ~3)) * 4;
  const end = at + (<usize>length) * 4;
  for (; at < whole; at += 16) {
    countGroup(at, counts, zeros, shift, integer);
    countGroup(at + 4, counts, zeros + 4, shift, integer);
    countGroup(at + 8, counts, zeros + 8, shift, integer);
    countGroup(at + 12, counts, zeros + 12, shift, integer);
  }
  for (; at < end; at += 4) countGroup(at, counts, zeros, shift, integer);
  return load<u32>(zeros) + load<u32>(zeros, 4) + load<u32>(zeros, 8) + load<u32>(zeros, 12);
}

// @ts-ignore: decorator
@inline
function countGroup(at: usize, counts: usize, zeros: usize, shift: u32, integer: bool): void {
  const value = load<u32>(at);
  increment(select(zeros, counts + (keyOf(value, integer) >> shift) * 4, isZero(value, integer)));
}

function percentageOf(index: i32): f64 {
  if (index == 0) return 0.1;
  if (index == 1) return 15;
  if (index == 2) return 50;
  return index == 3 ? 85 : 99.9;
}

/** Finds the wanted ranks and writes the percentiles between them to `out`, from its second float64 on. */
// @ts-ignore: decorator
@inline
function ranks(
  at: usize, length: i32, integer: bool, shift: u32, counts: usize, numbers: usize, spare: usize, out: usize,
  from: usize, finite: u32, zeros: u32,
): void {
  // Room for the places of ten ranks lies where the counts of bins will be: the group, and the rank in it.
  const places = out + 6 * 8;
  let group = from;
  let before: u32 = 0;
  for (let index = 0; index < percentiles; index++) {
    const below = <u32>(((<f64>finite - 1) * percentageOf(index)) / 100);
    for (; before + load<u32>(counts + group * 4) <= below; group++) before += load<u32>(counts + group * 4);
    let next = group;
    let offset = below - before + 1;
    if (below + 1 == finite) offset--;
    else if (offset >= load<u32>(counts + group * 4)) {
      offset = 0;
      for (next++; load<u32>(counts + next * 4) == 0; ) next++;
    }
    const place = places + index * 16;
    store<u32>(place, group);
    store<u32>(place, below - before, 4);
    store<u32>(place, next, 8);
    store<u32>(place, offset, 12);
  }
  const zeroGroup: usize = zeroKey >> shift;
  // From here on the counter of a wanted group is where the next value of it goes.
  let number: u8 = 0;
  let start = spare;
  for (let index: usize = 0; index < 2 * <usize>percentiles; index++) {
    const wanted: usize = load<u32>(places + index * 8);
    if (load<u8>(numbers + wanted) != 0) continue;
    store<u8>(numbers + wanted, ++number);
    const count = load<u32>(counts + wanted * 4) - (wanted == zeroGroup ? zeros : 0);
    store<u32>(counts + wanted * 4, start);
    // What the groups begin with and end at, for selection: kept beside the places.
    store<u32>(places + 80 + (<usize>number - 1) * 8, start);
    start += count * 4;
    store<u32>(places + 84 + (<usize>number - 1) * 8, start);
  }
  for (const end = at + (<usize>length) * 4; at < end; at += 4) {
    const value = load<u32>(at);
    const key = keyOf(value, integer);
    const found: usize = key >> shift;
    // One condition, that is seldom true: those that nobody can foresee are dear.
    if (select<u32>(0, load<u8>(numbers + found), isZero(value, integer)) == 0) continue;
    const cursor = load<u32>(counts + found * 4);
    store<u32>(cursor, key);
    store<u32>(counts + found * 4, cursor + 4);
  }
  for (let index: usize = 0; index < <usize>percentiles; index++) {
    const place = places + index * 16;
    const position = ((<f64>finite - 1) * percentageOf(<i32>index)) / 100;
    const low = order(place, places, numbers, zeroGroup, zeros, integer);
    const share = position - floor(position);
    const high = share == 0 ? low : order(place + 8, places, numbers, zeroGroup, zeros, integer);
    store<f64>(out + (1 + index) * 8, share == 0 ? low : low + share * (high - low));
  }
  for (let index: usize = 0; index < 2 * <usize>percentiles; index++) store<u8>(numbers + load<u32>(places + index * 8), 0);
}

/** The value at one of the places. */
// @ts-ignore: decorator
@inline
function order(place: usize, places: usize, numbers: usize, zeroGroup: usize, zeros: u32, integer: bool): f64 {
  const group: usize = load<u32>(place);
  let rank = load<u32>(place, 4);
  if (group == zeroGroup) {
    if (rank < zeros) return 0;
    rank -= zeros;
  }
  const bounds = places + 80 + (<usize>load<u8>(numbers + group) - 1) * 8;
  const first = load<u32>(bounds);
  // A group of one value only is looked through once, however many ranks lie in it.
  if (load<u32>(bounds, 4) > first + 4 && isConstant(first, load<u32>(bounds, 4))) store<u32>(bounds, first + 4, 4);
  const end = load<u32>(bounds, 4);
  return decode(end == first + 4 ? load<u32>(first) : keyOfRank(first, end, rank), integer);
}

/** The key of a rank (from 0) among those from `first` until `end`, which change places. */
function keyOfRank(first: usize, end: usize, rank: u32): u32 {
  const wanted = first + (<usize>rank) * 4;
  let last = end - 4;
  while (first < last) {
    const pivot = load<u32>(first + (((last - first) >> 3) << 2));
    let low = first;
    let high = last;
    while (low <= high) {
      while (load<u32>(low) < pivot) low += 4;
      while (load<u32>(high) > pivot) high -= 4;
      if (low > high) break;
      const key = load<u32>(low);
      store<u32>(low, load<u32>(high));
      store<u32>(high, key);
      low += 4;
      high -= 4;
    }
    if (wanted <= high) last = high;
    else if (wanted >= low) first = low;
    else break;
  }
  return load<u32>(wanted);
}

function isConstant(at: usize, end: usize): bool {
  const first = load<u32>(at);
  while (at < end && load<u32>(at) == first) at += 4;
  return at == end;
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
 * Adds to 66 u32 at `counts`: NaN and Inf have no bin. Four sets of counters, 272 bytes apart, take turns, so that equal
 * neighbours do not wait for each other; the caller adds them up. `allFinite` promises that there is no NaN and no Inf.
 */
export function countBins(
  at: usize, length: i32, counts: usize, low: f64, high: f64, scale: f64, integer: bool, allFinite: bool,
): void {
  const end = at + (<usize>length) * 4;
  if (integer) {
    for (; at < end; at += 4) increment(counts + (<usize>binOf(<f64>load<i32>(at), low, high, scale)) * 4);
    return;
  }
  if (allFinite && scale < 1e37 && high - low < 1e38) {
    const whole = at + (<usize>(length & ~3)) * 4;
    countBinsQuickly(at, whole, counts, low, high, scale);
    at = whole;
  }
  countBinsOneByOne(at, end, counts, low, high, scale);
}

function countBinsOneByOne(at: usize, end: usize, counts: usize, low: f64, high: f64, scale: f64): void {
  for (; at < end; at += 4) {
    const value = <f64>load<f32>(at);
    if (value - value == 0) increment(counts + (<usize>binOf(value, low, high, scale)) * 4);
  }
}

/**
 * (v − low)·scale in float32, less one half, is off by less than `margin`: rounded it is the bin, where no edge is so near.
 * Adding 1.5·2²³ leaves what is rounded in the lower bits.
 */
function countBinsQuickly(at: usize, end: usize, counts: usize, low: f64, high: f64, scale: f64): void {
  const start = <f32>low;
  const margin = 3e-5 + scale * abs(low - <f64>start);
  const starts = f32x4.splat(start);
  const scales = f32x4.splat(<f32>scale);
  const nearest = f32x4.splat(<f32>(0.5 - margin));
  const isStartExact = i32x4.splat(<f64>start == low ? -1 : 0);
  const magic = f32x4.splat(12582912);
  for (; at < end; at += 16) {
    const values = v128.load(at);
    let place = f32x4.sub(f32x4.mul(f32x4.sub(values, starts), scales), f32x4.splat(0.5));
    place = f32x4.pmin(f32x4.pmax(place, f32x4.splat(-1)), f32x4.splat(64));
    const rounded = f32x4.add(place, magic);
    const isFar = f32x4.lt(f32x4.abs(f32x4.sub(place, f32x4.sub(rounded, magic))), nearest);
    if (i32x4.bitmask(v128.or(isFar, v128.and(f32x4.eq(values, starts), isStartExact))) != 15) {
      countBinsOneByOne(at, at + 16, counts, low, high, scale);
      continue;
    }
    const bins = i32x4.sub(i32x4.shl(rounded, 2), i32x4.splat((0x4b400000 - 1) << 2));
    increment(counts + <usize>i32x4.extract_lane(bins, 0));
    increment(counts + 272 + <usize>i32x4.extract_lane(bins, 1));
    increment(counts + 544 + <usize>i32x4.extract_lane(bins, 2));
    increment(counts + 816 + <usize>i32x4.extract_lane(bins, 3));
  }
}

// @ts-ignore: decorator
@inline
function increment(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}
