import { describe, expect, it } from "vitest";
import { heldFrom, heldRow } from "../../../webview/dashboard/heldCells.js";

const no = Number.NaN;
const bad = Number.POSITIVE_INFINITY;
const map = { columns: 6, values: Float64Array.from([no, 1, no, no, 2, no, /* next layer */ no, no, bad, no, 3, 4]) };

describe("a gap between captures", () => {
  it("holds the value before it, and nothing before the layer's first capture", () => {
    expect([...heldRow(map, 0)]).toEqual([no, no, 1, 1, no, 2]);
    expect([0, 1, 2, 3, 4, 5].map((column) => heldFrom(map, 0, column))).toEqual([null, null, 1, 1, null, 4]);
  });

  it("holds that the last one was not finite, and nothing of the layer above", () => {
    expect([...heldRow(map, 1)]).toEqual([no, no, no, bad, no, no]);
    expect([0, 1, 2, 3].map((column) => heldFrom(map, 1, column))).toEqual([null, null, null, 2]);
  });
});
