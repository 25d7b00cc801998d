import { describe, expect, it } from "vitest";
import { type LineEdit, shiftedLine } from "../../../src/host/editor/lineShift.js";

function edit(start: number, end: number, lines: number, atMs = 10): LineEdit {
  return { atMs, start, end, lines };
}

describe("shiftedLine", () => {
  it.each<[string, LineEdit[], number | null]>([
    ["nothing typed", [], 5],
    ["a line added above", [edit(2, 2, 2)], 6],
    ["two lines removed above", [edit(1, 3, 1)], 3],
    ["edits below", [edit(8, 8, 3)], 5],
    ["a line break typed at its end", [edit(5, 5, 2)], 5],
    ["the line swallowed by a replacement", [edit(3, 8, 1)], null],
    ["the end of a removed range", [edit(4, 5, 1)], 4],
    ["several edits one after the other", [edit(0, 0, 3), edit(9, 9, 2), edit(2, 4, 1)], 5],
    ["edits before the run started", [edit(0, 0, 9, 4)], 5],
  ])("%s", (_, edits, expected) => {
    expect(shiftedLine(5, edits, 5)).toBe(expected);
  });
});
