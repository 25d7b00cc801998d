import { describe, expect, it } from "vitest";
import type { LayerSummary, RunHeader } from "../../../src/protocol/views.js";
import type { LayerInfo } from "../../../src/run/format.js";
import { LayerChoice } from "../../../webview/dashboard/layerChoice.js";
import type { StateStore, ViewState } from "../../../webview/dashboard/viewState.js";
import { RunModel } from "../../../webview/shared/runModel.js";

type Known = Partial<Pick<LayerSummary, "severity" | "attention" | "step" | "last">>;

function summaries(...known: readonly Known[]): LayerSummary[] {
  return known.map((one, layer) => ({ layer, step: 10, last: {}, severity: 0, attention: 0, ...one }));
}

/** A running training of a dense layer and two BatchNorm layers. */
function begin() {
  const model = new RunModel();
  const classes = ["Dense", "BatchNormalization", "BatchNormalization"];
  model.layers = classes.map((className, index) => ({ index, className }) as LayerInfo);
  model.header = { run: { status: "running", steps: 10 } } as RunHeader;
  const current = { selectedLayer: null, isLayerChosen: false, isLayerSettled: false } as unknown as ViewState;
  const state = { current, set: (change: Partial<ViewState>) => Object.assign(current, change) };
  const choice = new LayerChoice(model, state as unknown as StateStore);
  choice.settle(null);
  /** The second BatchNorm layer turns out to be the worse one. */
  const judge = (): boolean => {
    model.takeSummaries(summaries({}, { last: { meanShift: 0.1 } }, { step: 60, last: { meanShift: 0.4 } }));
    return choice.update();
  };
  return { model, choice, state, judge };
}

describe("the layer that the dashboard is about", () => {
  it("is the first BatchNorm layer until the worst is known, then that one for good", () => {
    const { model, choice, state, judge } = begin();
    expect(state.current.selectedLayer).toBe(1);
    expect(judge()).toBe(true);
    expect(state.current.selectedLayer).toBe(2);
    model.takeSummaries(summaries({}, { last: { meanShift: 9 } }));
    expect(choice.update()).toBe(false);
  });

  it("stays while the user reads its charts", () => {
    const { choice, state, judge } = begin();
    choice.keep();
    expect(judge()).toBe(false);
    expect(state.current.selectedLayer).toBe(1);
  });

  it("stays where the user chose it", () => {
    const { choice, state, judge } = begin();
    choice.choose(0);
    expect(judge()).toBe(false);
    expect(state.current).toMatchObject({ selectedLayer: 0, isLayerChosen: true });
  });
});

describe("the worst layer", () => {
  const shift = (meanShift: number, known: Known = {}): Known => ({
    ...known,
    last: { meanShift, logVarianceRatio: 0 },
  });

  it.each([
    ["the one that drifts most, whatever else moves", [{ attention: 9 }, shift(0.1, { attention: 5 }), shift(0.4)], 2],
    ["one with a warning before that", [{ attention: 201, severity: 2 }, shift(0.1), shift(0.4)], 0],
    [
      "BatchNorm among those with warnings",
      [{ attention: 300, severity: 3 }, shift(0, { attention: 200, severity: 2 }), {}],
      1,
    ],
    ["not one with a note only", [{ attention: 100, severity: 1 }, shift(0.1), shift(0.4)], 2],
    ["the first BatchNorm layer where nothing is known", [{}, {}, {}], 1],
  ] as const)("is %s", (_, known, index) => {
    const { model } = begin();
    model.takeSummaries(summaries(...known));
    expect(model.worstLayer?.index).toBe(index);
    expect(model.byAttention[0]?.index).toBe(index);
    expect(model.byAttention.map((layer) => layer.index).sort()).toEqual([0, 1, 2]);
  });
});
