// Copies.

/** Images of [height, width, channels], cut or filled up with zeros to [toHeight, toWidth, channels], `top` and `left` of them before. */
export function fitImages(
  from: usize, to: usize, batch: i32, height: i32, width: i32, channels: i32, top: i32, left: i32,
  toHeight: i32, toWidth: i32,
): void {
  const row: usize = (width * channels) << 2;
  const toRow: usize = (toWidth * channels) << 2;
  const before: usize = (left * channels) << 2;
  const kept: usize = (min(width, toWidth - left) * channels) << 2;
  const after = toRow - before - kept;
  for (let n = 0; n < batch; n++) {
    for (let r = 0; r < toHeight; r++) {
      const own = r - top;
      if (own < 0 || own >= height) memory.fill(to, 0, toRow);
      else {
        if (before > 0) memory.fill(to, 0, before);
        memory.copy(to + before, from + own * row, kept);
        if (after > 0) memory.fill(to + before + kept, 0, after);
      }
      to += toRow;
    }
    from += height * row;
  }
}

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
