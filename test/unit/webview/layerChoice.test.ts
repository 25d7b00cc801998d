import { describe, expect, it } from "vitest";
import type { LayerInfo } from "../../../src/run/format.js";
import { LayerChoice } from "../../../webview/dashboard/layerChoice.js";
import type { StateStore, ViewState } from "../../../webview/dashboard/viewState.js";
import type { RunModel } from "../../../webview/shared/runModel.js";

/** Two BatchNorm layers, of which the second turns out to be the worse one. */
function begin() {
  const layers = [0, 1].map((index) => ({ index, className: "BatchNormalization" }) as LayerInfo);
  const model = {
    layers,
    isJudged: false,
    byAttention: layers,
    layer: (index: number | null) => (index === null ? undefined : layers[index]),
  };
  const current = { selectedLayer: null, isLayerChosen: false, isLayerSettled: false } as unknown as ViewState;
  const state = { current, set: (change: Partial<ViewState>) => Object.assign(current, change) };
  const choice = new LayerChoice(model as unknown as RunModel, state as unknown as StateStore);
  choice.settle(null);
  const judge = (): boolean => {
    Object.assign(model, { isJudged: true, byAttention: [...layers].reverse() });
    return choice.update();
  };
  return { choice, state, judge };
}

describe("the layer that the dashboard is about", () => {
  it("is the first until the worst is known, then that one for good", () => {
    const { choice, state, judge } = begin();
    expect(state.current.selectedLayer).toBe(0);
    expect(judge()).toBe(true);
    expect(state.current.selectedLayer).toBe(1);
    expect(choice.update()).toBe(false);
  });

  it("stays while the user reads its charts", () => {
    const { choice, state, judge } = begin();
    choice.keep();
    expect(judge()).toBe(false);
    expect(state.current.selectedLayer).toBe(0);
  });

  it("stays where the user chose it", () => {
    const { choice, state, judge } = begin();
    choice.choose(0);
    expect(judge()).toBe(false);
    expect(state.current).toMatchObject({ selectedLayer: 0, isLayerChosen: true });
  });
});
