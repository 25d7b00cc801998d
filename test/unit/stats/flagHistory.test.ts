import { describe, expect, it } from "vitest";
import { RuleEngine } from "../../../src/stats/rules/ruleEngine.js";
import type { RuleLayer, RuleWeight } from "../../../src/stats/rules/ruleTypes.js";

function layer(index: number): RuleLayer {
  return {
    index,
    name: `dense${index}`,
    className: "Dense",
    model: "model",
    path: `model/dense${index}`,
    source: null,
    config: {},
    inputShape: [null, 4],
    outputShape: [null, 4],
    inbound: index === 0 ? [] : [index - 1],
    isOutput: index === 1,
    weights: [index],
  };
}

/** Two kernels; the first one's flag changes before `changeStep`, and the optimizer updates it where `isUpdated` says. */
function idsAfter(
  steps: number,
  {
    changeSteps,
    trainable,
    isUpdated,
  }: { changeSteps: readonly number[]; trainable: boolean; isUpdated(step: number): boolean },
): string[] {
  const rules = new RuleEngine();
  const weight = (index: number, isTrainable: boolean): RuleWeight => ({
    index,
    name: `dense${index}/kernel`,
    layer: index,
    shape: [4, 4],
    trainable: isTrainable,
  });
  rules.setRun({ layers: [layer(0), layer(1)], weights: [weight(0, trainable), weight(1, true)] });
  for (let step = 1; step <= steps; step++) {
    for (const index of [0, 1]) {
      rules.row("activations", step, index, { mean: 0, variance: 1 });
      if (index === 1 || isUpdated(step)) rules.row("weights", step, index, { updateRatio: 1e-3, gradientNorm: 1 });
    }
  }
  for (const step of changeSteps) rules.event({ type: "flags", step, layers: [], weights: [{ weight: 0 }] });
  return rules.findings({ ended: true }).flatMap(({ id }) => (id.includes("froz") || id.includes("frozen") ? id : []));
}

describe("rules use the flags that held at the step", () => {
  const always = () => true;

  it("frozen, and still updated: after five updates since then, not at once", () => {
    const frozen = { changeSteps: [50], trainable: false, isUpdated: always };
    expect(idsAfter(53, frozen)).toEqual([]);
    expect(idsAfter(54, frozen)).toEqual(["frozen-trains"]);
  });

  it("frozen, and left out of the updates since", () => {
    const frozen = { changeSteps: [50], trainable: false, isUpdated: (step: number) => step < 50 };
    expect(idsAfter(80, frozen)).toEqual([]);
  });

  it("thawed, and not updated: after five updates of its model since then, not at once", () => {
    const thawed = { changeSteps: [50], trainable: true, isUpdated: () => false };
    expect(idsAfter(53, thawed)).toEqual([]);
    expect(idsAfter(54, thawed)).toEqual(["trainable-frozen"]);
    expect(idsAfter(54, { ...thawed, isUpdated: (step) => step >= 50 })).toEqual([]);
  });

  it("frozen and thawed again and again: on purpose", () => {
    const changeSteps = Array.from({ length: 20 }, (_, at) => at + 2);
    expect(idsAfter(80, { changeSteps, trainable: false, isUpdated: always })).toEqual([]);
  });
});
