import { expect } from "vitest";

/** Relative to the wanted value, or to 1e-3 where that is smaller. */
export function expectClose(got: unknown, wanted: number, name: string, tolerance: number): void {
  expect(typeof got, name).toBe("number");
  expect(Math.abs((got as number) - wanted), name).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(wanted), 1e-3));
}

/** Lists are stored as float32; relative to the list's largest value. */
export function expectListClose(
  got: ArrayLike<number> | undefined,
  wanted: readonly number[],
  tolerance: number,
): void {
  const list = Array.from(got ?? []);
  expect(list).toHaveLength(wanted.length);
  const size = Math.max(...wanted.map(Math.abs), 1e-3);
  for (const [at, value] of wanted.entries()) {
    expect(Math.abs((list[at] as number) - value), `[${at}]`).toBeLessThanOrEqual(tolerance * size);
  }
}
