import { describe, expect, it } from "vitest";
import { RecentValues } from "../../../src/stats/rules/recentValues.js";

describe("the last values of a series", () => {
  it("have the median, mean and smallest of a plain sort, with repeats and both zeros, while they move on", () => {
    const recent = new RecentValues(7);
    const window: number[] = [];
    let seed = 1;
    for (let push = 0; push < 500; push++) {
      seed = (seed * 16_807) % 2_147_483_647;
      const value = push % 11 === 0 ? -0 : (seed % 9) - 4;
      recent.push(value);
      window.push(value);
      if (window.length > 7) window.shift();
      const sorted = window.toSorted((a, b) => a - b);
      const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]] as [number, number];
      expect(recent.median).toBeCloseTo((low + high) / 2, 12);
      expect(recent.smallest).toBeCloseTo(sorted[0] as number, 12);
      expect(recent.mean).toBeCloseTo(window.reduce((sum, one) => sum + one, 0) / window.length, 12);
      expect(recent.length).toBe(window.length);
    }
  });

  it("leave out what is no number, and know nothing when empty", () => {
    const recent = new RecentValues(3);
    for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY]) recent.push(value);
    expect([recent.length, recent.median, recent.smallest, recent.mean]).toEqual([
      0,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});
