import { describe, expect, it } from "vitest";
import { FindingsKeeper } from "../../../src/host/session/findingsKeeper.js";
import type { LayerSummary, ViewFinding } from "../../../src/protocol/views.js";

function inOrder(last: Readonly<Record<string, LayerSummary["last"]>>, keeper = new FindingsKeeper()): string[] {
  const layers = Object.keys(last).map((name, index) => ({
    name,
    attention: keeper.attentionOf(index, last[name] as LayerSummary["last"]),
  }));
  return layers.sort((a, b) => b.attention - a.attention).map(({ name }) => name);
}

describe("attention", () => {
  it("goes to BatchNorm by its mean shift, then to other layers by their drift", () => {
    const order = inOrder({
      conv: { referenceDrift: 3 },
      // A young running variance is far off in every layer: it says nothing about which one drifts.
      norm1: { meanShift: 0.5, logVarianceRatio: 4, referenceDrift: 0 },
      dense: { referenceDrift: 0.1 },
      norm2: { meanShift: 1.5, logVarianceRatio: 0.2 },
    });
    expect(order).toEqual(["norm2", "norm1", "conv", "dense"]);
  });

  it("goes to findings before drift, and to what is not finite before all", () => {
    const keeper = new FindingsKeeper();
    const finding: ViewFinding = {
      id: "bn-small-batch",
      level: "warning",
      layer: 1,
      channel: null,
      step: 3,
      message: "",
      action: "",
      source: null,
    };
    keeper.set([finding]);
    const order = inOrder(
      { norm: { meanShift: Number.NaN }, judged: { referenceDrift: 0 }, broken: { nanCount: 1 } },
      keeper,
    );
    expect(order).toEqual(["broken", "judged", "norm"]);
  });
});
