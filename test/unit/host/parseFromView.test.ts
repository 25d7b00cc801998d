import { describe, expect, it } from "vitest";
import { parseFromView } from "../../../src/host/views/parseFromView.js";

describe("parseFromView", () => {
  it.each<[string, unknown]>([
    ["ready", { type: "ready" }],
    [
      "subscribe",
      {
        type: "subscribe",
        series: [{ layer: 0, statistic: "mean", points: 10 }],
        range: { from: 0, to: 5 },
        points: 600,
      },
    ],
    [
      "subscribe to the weights",
      { type: "subscribe", series: [{ layer: 0, statistic: "updateRatio", weight: 2 }], range: null, points: 1 },
    ],
    [
      "subscribe to two runs and a channel",
      {
        type: "subscribe",
        series: [
          { layer: 0, statistic: "gap", run: 7 },
          { layer: 0, statistic: "gap", channel: 4095 },
        ],
        range: null,
        points: 1,
        axis: "epoch",
      },
    ],
    ["compare", { type: "compare", folders: ["/runs/a", "/runs/b"] }],
    ["leave a comparison", { type: "compare", folders: [] }],
    ["channels", { type: "channels", layer: 3, step: null }],
    ["histograms", { type: "histograms", layer: 3, columns: 40, range: null }],
    ["select", { type: "select", layer: null, step: 4 }],
    ["openSource", { type: "openSource", source: { file: "/a.js", line: 3, column: 1 } }],
    ["save", { type: "save", suggestedName: "x", content: { kind: "csv", text: "a" } }],
  ])("takes %s as it is", (_, message) => {
    expect(parseFromView(message)).toEqual(message);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["text", "ready"],
    ["another type", { type: "eval", code: "1" }],
    ["a statistic that does not exist", { type: "healthMap", statistic: "constructor", columns: 3 }],
    ["a range that ends before it begins", { type: "histograms", layer: 0, columns: 4, range: { from: 9, to: 1 } }],
    ["no points", { type: "subscribe", series: [], range: null, points: 0 }],
    ["a ninth run", { type: "subscribe", series: [{ layer: 0, statistic: "mean", run: 8 }], range: null, points: 5 }],
    ["an axis that does not exist", { type: "subscribe", series: [], range: null, points: 5, axis: "loss" }],
    ["nine runs to compare", { type: "compare", folders: Array.from({ length: 9 }, String) }],
    ["folders that are no text", { type: "compare", folders: [1] }],
    ["a fractional layer", { type: "channels", layer: 0.5, step: null }],
    ["series that are no list", { type: "subscribe", series: {}, range: null, points: 5 }],
    ["content of another kind", { type: "save", suggestedName: "x", content: { kind: "exe", text: "" } }],
  ])("refuses %s", (_, message) => {
    expect(parseFromView(message)).toBeNull();
  });

  it("bounds what one request may cost", () => {
    const message = parseFromView({ type: "subscribe", series: [], range: null, points: 1e9 });
    expect(message).toMatchObject({ points: 20_000 });
  });
});
