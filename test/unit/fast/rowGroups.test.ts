import { describe, expect, test } from "vitest";
import { rowGroups, summed, tiled } from "../../../src/backend/fast/rowGroups.js";

describe("rowGroups", () => {
  test.each([
    [1, 1, 1],
    [1024, 1024, 1],
    [25_088, 256, 98],
    [65_536, 256, 256],
    [2 * 1021, 1021, 2],
    [10_007, 10_007, 1],
  ])("%i values: %i rows in %i groups", (m, rows, groups) => {
    expect(rowGroups(m)).toEqual({ rows, groups });
  });

  test("sums of a tiled vector are so many times the vector", () => {
    const values = [1, -2, 0.5];
    expect(Array.from(tiled(values, 4))).toEqual([...values, ...values, ...values, ...values]);
    expect(Array.from(summed(tiled(values, 5), 3))).toEqual([5, -10, 2.5]);
    expect(Array.from(tiled(values, 1))).toEqual(values);
  });
});
