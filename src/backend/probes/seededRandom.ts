/** Runs `action` with a random stream of our own (mulberry32), so that the script's goes on where it was. */
export function withOwnRandom<Result>(action: (rewind: () => void) => Result): Result {
  const original = Math.random;
  let state = 0;
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  try {
    return action(() => {
      state = 0x9e3779b9;
    });
  } finally {
    Math.random = original;
  }
}
