import { expect, test } from "vitest";
import { layerDistances } from "../../../src/host/session/layerDistances.js";
import type { SessionView } from "../../../src/host/session/sessionView.js";

type Numbers = readonly [mean: number, variance: number];

function run(layers: Readonly<Record<string, Numbers | null>>): SessionView {
  const names = Object.keys(layers);
  const infos = names.map((name, index) => ({ index, name, path: `m/${name}`, call: 1, weights: [] }));
  const summaries = Object.values(layers).flatMap((numbers, layer) => {
    if (numbers === null) return [];
    const [mean, variance] = numbers;
    return [[layer, { layer, step: 1, last: { mean, variance }, severity: 0, attention: 0 }] as const];
  });
  return { layers: infos, weights: [], summaries: new Map(summaries) } as unknown as SessionView;
}

test("are in standard deviations, the farthest layer first, to the run where it differs most", () => {
  const first = run({ same: [1, 4], moved: [0, 2], wider: [5, 1], only: [0, 1], unknown: null });
  const second = run({ unknown: [1, 1], wider: [5, Math.exp(4)], moved: [1, 2], same: [1, 4] });
  const third = run({ moved: [-6, 6], same: [1, 4] });
  expect(layerDistances([first, second, third])).toEqual([
    { layer: 1, sigma: 3 },
    { layer: 2, sigma: 2 },
    { layer: 0, sigma: 0 },
  ]);
});

test("what is NaN in one run only is as far as can be; channels that never vary are alike", () => {
  const first = run({ broken: [Number.NaN, Number.NaN], constant: [0, 0], apart: [0, 0], bothBroken: [Number.NaN, 1] });
  const second = run({ broken: [0, 1], constant: [0, 0], apart: [1, 0], bothBroken: [Number.NaN, 1] });
  expect(layerDistances([first, second])).toEqual([
    { layer: 0, sigma: Number.POSITIVE_INFINITY },
    { layer: 2, sigma: Number.POSITIVE_INFINITY },
    { layer: 1, sigma: 0 },
    { layer: 3, sigma: 0 },
  ]);
  expect(layerDistances([])).toEqual([]);
});
