import { describe, expect, it } from "vitest";
import { type LayerNode, type LayerTreeInput, layerNodes, nodesBelow } from "../../../src/host/tree/layerNodes.js";
import type { LayerSummary } from "../../../src/protocol/views.js";
import type { LayerInfo, WeightInfo } from "../../../src/run/format.js";

function layer(index: number, path: string, patch: Partial<LayerInfo> = {}): LayerInfo {
  const names = path.split("/");
  return {
    index,
    name: names.at(-1) ?? "",
    className: "Dense",
    model: names.length > 1 ? (names[0] ?? "") : "",
    path,
    call: 1,
    source: null,
    config: {},
    inputShape: null,
    outputShape: null,
    inbound: [],
    isOutput: false,
    weights: [],
    ...patch,
  };
}

function outline(nodes: readonly LayerNode[], depth = 0): string[] {
  return nodes.flatMap((node) => {
    const name = node.kind === "model" ? node.name : node.kind === "layer" ? node.layer.name : node.weight.name;
    const below = node.kind === "weight" ? [] : outline(node.children, depth + 1);
    return [`${"  ".repeat(depth)}${name}`, ...below];
  });
}

function input(patch: Partial<LayerTreeInput>): LayerTreeInput {
  return { layers: [], weights: [], summaries: new Map(), filter: "", order: "model", ...patch };
}

const kernel: WeightInfo = { index: 0, name: "dense/kernel", layer: 0, shape: [4, 2], trainable: true };

describe("layerNodes", () => {
  it("nests models, layers and weights in the order of their first call", () => {
    const layers = [
      layer(0, "gan/generator/dense", { weights: [0] }),
      layer(1, "gan/discriminator/dense"),
      layer(2, "gan/generator/out"),
      layer(3, "loose"),
    ];
    expect(outline(layerNodes(input({ layers, weights: [kernel] })))).toEqual([
      "gan",
      "  generator",
      "    dense",
      "      dense/kernel",
      "    out",
      "  discriminator",
      "    dense",
      "loose",
    ]);
  });

  it("gives every node an id of its own, also where a layer is called twice", () => {
    const layers = [layer(0, "m/a", { weights: [0] }), layer(1, "m/a#2", { call: 2, weights: [0] }), layer(2, "n/m/a")];
    const ids = layerNodes(input({ layers, weights: [kernel] }))
      .flatMap(nodesBelow)
      .map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("filters by path and class, whatever the case", () => {
    const layers = [
      layer(0, "m/conv", { className: "Conv2D" }),
      layer(1, "m/norm", { className: "BatchNormalization" }),
    ];
    expect(outline(layerNodes(input({ layers, filter: " batchnorm " })))).toEqual(["m", "  norm"]);
    expect(layerNodes(input({ layers, filter: "nothing" }))).toEqual([]);
  });

  it("lists the worst first, equals in model order", () => {
    const summary = (index: number, attention: number): [number, LayerSummary] => [
      index,
      { layer: index, step: 1, last: {}, severity: 0, attention },
    ];
    const layers = [layer(0, "m/a"), layer(1, "m/b"), layer(2, "m/c"), layer(3, "m/d")];
    const summaries = new Map([summary(1, 0.5), summary(2, 7)]);
    expect(outline(layerNodes(input({ layers, summaries, order: "worst" })))).toEqual(["c", "b", "a", "d"]);
  });
});
