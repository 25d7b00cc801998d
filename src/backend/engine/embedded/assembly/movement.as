// Copies.

/** [outer, size] bytes to [outer, times, size]. */
export function repeatBlocks(from: usize, to: usize, outer: i32, size: i32, times: i32): void {
  for (let o = 0; o < outer; o++) {
    if (size == 4) {
      repeatWord(from, to, times);
    } else {
      memory.copy(to, from, size);
      // Doubling, so that few and long copies are made.
      let done = 1;
      while (done < times) {
        const next = min(done, times - done);
        memory.copy(to + done * size, to, next * size);
        done += next;
      }
    }
    from += size;
    to += size * times;
  }
}

function repeatWord(from: usize, to: usize, times: i32): void {
  const word = i32.load(from);
  const four = i32x4.splat(word);
  let i = 0;
  for (; i + 4 <= times; i += 4) {
    v128.store(to, four);
    to += 16;
  }
  for (; i < times; i++) {
    i32.store(to, word);
    to += 4;
  }
}

/** to[segment(r)] += x[r] for each of `rows` rows of `inner` values; rows of other segments are left out. */
export function segmentSum(x: usize, segments: usize, to: usize, rows: i32, inner: i32, count: i32, integer: i32): void {
  const size: usize = inner << 2;
  for (let row = 0; row < rows; row++) {
    const segment = i32.load(segments + (row << 2));
    if (segment >= 0 && segment < count) {
      const target = to + segment * size;
      if (integer) addIntegers(target, x, inner);
      else addFloats(target, x, inner);
    }
    x += size;
  }
}

function addFloats(to: usize, from: usize, length: i32): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) v128.store(to + (i << 2), f32x4.add(v128.load(to + (i << 2)), v128.load(from + (i << 2))));
  for (; i < length; i++) f32.store(to + (i << 2), f32.load(to + (i << 2)) + f32.load(from + (i << 2)));
}

function addIntegers(to: usize, from: usize, length: i32): void {
  for (let i = 0; i < length; i++) i32.store(to + (i << 2), i32.load(to + (i << 2)) + i32.load(from + (i << 2)));
}
