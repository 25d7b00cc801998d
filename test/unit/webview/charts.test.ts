import { describe, expect, test } from "vitest";
import { columnNames, numberRows, toCsv } from "../../../webview/charts/chartNumbers.js";
import {
  bandBetween,
  bandFromZero,
  deviationBand,
  difference,
  indexAt,
  logarithm,
  type Points,
  smooth,
} from "../../../webview/charts/points.js";
import { keyText, SeriesStore } from "../../../webview/charts/seriesStore.js";
import { linearTicks, logarithmicTicks, stepTicks } from "../../../webview/charts/ticks.js";
import { valueRange } from "../../../webview/charts/valueRange.js";
import { Viewport } from "../../../webview/charts/viewport.js";

function points(values: readonly number[], firstStep = 0, every = 1): Points {
  const value = Float64Array.from(values);
  const step = Float64Array.from(values, (_, i) => firstStep + i * every);
  return { length: values.length, step, value, low: value, high: value, nonfinite: [] };
}

describe("points", () => {
  test.each([
    [-1, -1],
    [10, 0],
    [14, 0],
    [15, 1],
    [99, 2],
  ])("the last point at or before step %i is %i", (step, index) => {
    expect(indexAt(points([1, 2, 3], 10, 5), step)).toBe(index);
  });

  test("a difference is exact where both have a point, interpolated between, and nothing outside", () => {
    const own = points([10, 11, 12, 13, 14], 0, 1);
    const first = points([1, 3], 1, 2);
    const minus = difference(own, first);
    expect([...minus.step.subarray(0, minus.length)]).toEqual([1, 2, 3]);
    expect([...minus.value.subarray(0, minus.length)]).toEqual([10, 10, 10]);
    expect(difference(own, points([]))).toMatchObject({ length: 0 });
    const bad = difference(points([1, Number.NaN, 3]), points([1, 1, Number.NaN]));
    expect([...bad.value]).toEqual([0, Number.NaN, Number.NaN]);
  });

  test("mean ± deviation joins by step and keeps NaN", () => {
    const band = deviationBand(points([1, 2, Number.NaN, 4]), points([4, 9, 1], 0));
    expect([...band.low.subarray(0, 3)]).toEqual([-1, -1, Number.NaN]);
    expect([...band.high.subarray(0, 3)]).toEqual([3, 5, Number.NaN]);
    expect(band.length).toBe(3);
    expect(deviationBand(points([1, 2]), points([4], 1)).step[0]).toBe(1);
  });

  test("bands between lines and from zero", () => {
    const between = bandBetween(points([-1, -2]), points([3, 2]));
    expect([...between.value]).toEqual([1, 0]);
    const { low, high } = bandFromZero(points([0.1, 0.2]));
    expect([[...low], [...high]]).toEqual([
      [0, 0],
      [0.1, 0.2],
    ]);
  });

  test("a logarithm of zero is below every scale, of NaN is NaN", () => {
    expect([...logarithm(points([100, 0, Number.NaN])).value]).toEqual([2, Number.NEGATIVE_INFINITY, Number.NaN]);
  });

  test("smoothing starts without bias, goes over NaN and does not hide it", () => {
    const { value } = smooth(points([5, 5, Number.NaN, 5]), 0.9);
    expect([...value].map((number) => Number(number.toFixed(12)))).toEqual([5, 5, Number.NaN, 5]);
    // Reference: s = (0.5·2 + 0.25·1·…) by hand for weight 0.5 of [1, 3]: (0.25·1 + 0.5·3) / 0.75.
    expect(smooth(points([1, 3]), 0.5).value[1]).toBeCloseTo(1.75 / 0.75, 12);
  });
});

describe("value range", () => {
  const shown = { from: 0, to: 1000 };
  const options = { robust: true, logarithmic: false, includeZero: false };

  test("one outlier of two hundred is left out and told", () => {
    const values = Array.from({ length: 200 }, (_, i) => Math.sin(i));
    values[77] = 1e6;
    const range = valueRange([points(values)], shown, options);
    expect(range?.max).toBeLessThan(3);
    expect(range?.clipped).toBe(true);
    const whole = valueRange([points(values)], shown, { ...options, robust: false });
    expect(whole?.max).toBeGreaterThanOrEqual(1e6);
    expect(whole?.clipped).toBe(false);
  });

  test("a course from 2.3 to 0.05 is no outlier", () => {
    const values = Array.from({ length: 300 }, (_, i) => 0.05 + 2.3 * Math.exp(-i / 60));
    const range = valueRange([points(values)], shown, options);
    expect(range?.max).toBeGreaterThan(2.3);
    expect(range?.clipped).toBe(false);
  });

  test.each([
    ["nothing", []],
    ["only NaN", [Number.NaN, Number.NaN]],
  ])("%s has no range", (_, values) => {
    expect(valueRange([points(values)], shown, options)).toBeNull();
  });

  test("one value gets room on either side; Infinity does not count", () => {
    expect(valueRange([points([3])], shown, options)).toMatchObject({ min: 2.7, max: 3.3 });
    const range = valueRange([points([1, Number.POSITIVE_INFINITY, 2])], shown, options);
    expect(range?.max).toBeCloseTo(2.06, 6);
  });

  test("only the shown steps count", () => {
    const range = valueRange([points([100, 1, 2, 3, 100])], { from: 1, to: 2 }, { ...options, robust: false });
    expect(range?.max).toBeCloseTo(3.12, 6);
  });

  test("stays while the values fit and fill it", () => {
    const old = valueRange([points([0, 10])], shown, options);
    expect(valueRange([points([0, 9])], shown, options, old)).toBe(old);
    expect(valueRange([points([0, 2])], shown, options, old)?.max).toBeLessThan(3);
    expect(valueRange([points([0, 12])], shown, options, old)?.max).toBeGreaterThan(12);
  });

  test("a logarithmic range is above zero", () => {
    const range = valueRange([points([0, 0.001, 10])], shown, { ...options, logarithmic: true });
    expect(range?.min).toBeGreaterThan(0);
    expect(range?.min).toBeLessThanOrEqual(0.001);
  });
});

describe("ticks", () => {
  test.each([
    [0, 1, 4, [0, 0.5, 1]],
    [0, 100, 5, [0, 20, 40, 60, 80, 100]],
    [-0.3, 0.3, 3, [-0.2, 0, 0.2]],
    // One tick alone tells no scale.
    [0.1, 2.9, 2, [1, 2]],
    [-0.0035, -0.0012, 2, [-0.003, -0.002]],
  ])("from %f to %f, at most %i", (min, max, count, expected) => {
    const { values } = linearTicks(min, max, count);
    expect(values.map((value) => Number(value.toFixed(9)) + 0)).toEqual(expected);
  });

  test("steps are whole, decades are powers of ten", () => {
    expect(stepTicks(0, 3, 10).values).toEqual([0, 1, 2, 3]);
    expect(logarithmicTicks(0.001, 10, 10).values.map((value) => Math.log10(value))).toEqual([-3, -2, -1, 0, 1]);
    expect(logarithmicTicks(1e-12, 1, 4).values.length).toBeLessThanOrEqual(4);
  });

  test("no width, no endless loop", () => {
    expect(linearTicks(1, 1, 4).values).toEqual([1]);
    expect(linearTicks(0, Number.POSITIVE_INFINITY, 4).values).toEqual([0]);
  });
});

describe("series store", () => {
  const key = { layer: 3, statistic: "batchMean" } as const;
  const message = (from: number, values: readonly number[], append: boolean) => {
    const { step, value } = points(values, from);
    return {
      type: "series" as const,
      from,
      to: from + values.length - 1,
      append,
      data: [{ key, step, mean: value, min: value, max: value, nonfinite: [] }],
    };
  };

  test("increments replace from their first step on", () => {
    const store = new SeriesStore();
    store.apply(message(0, [1, 2, 3], false));
    store.apply(message(2, [30, 40], true));
    const { length, value } = store.get(keyText(key));
    expect([...value.subarray(0, length)]).toEqual([1, 2, 30, 40]);
    store.apply(message(5, [7], false));
    expect(store.get(keyText(key)).length).toBe(1);
  });

  test("what was the newest value gives way to any point that follows", () => {
    const store = new SeriesStore();
    const send = (steps: readonly number[], values: readonly number[], append: boolean) => {
      const mean = Float64Array.from(values);
      const data = {
        key,
        step: Float64Array.from(steps),
        mean,
        min: mean,
        max: mean,
        nonfinite: [],
        endsInNewest: true,
      };
      store.apply({ type: "series", from: steps[0] ?? 0, to: steps.at(-1) ?? 0, append, data: [data] });
      const { length, step, value } = store.get(keyText(key));
      return Array.from({ length }, (_, at) => [step[at], value[at]]);
    };
    expect(send([0, 8, 11], [1, 2, 3], false)).toEqual([
      [0, 1],
      [8, 2],
      [11, 3],
    ]);
    // Nothing was captured of it in the new steps.
    expect(send([], [], true)).toHaveLength(3);
    expect(send([16, 17], [4, 5], true)).toEqual([
      [0, 1],
      [8, 2],
      [16, 4],
      [17, 5],
    ]);
  });

  test("memory is bounded, extremes and NaN are kept", () => {
    const store = new SeriesStore();
    for (let from = 0; from < 100_000; from += 100) {
      const values = Array.from({ length: 100 }, (_, i) =>
        from + i === 50_000 ? 1e9 : from + i === 70_000 ? Number.NaN : 1,
      );
      store.apply(message(from, values, true));
    }
    const held = store.get(keyText(key));
    expect(held.length).toBeLessThanOrEqual(8192);
    expect(held.step.length).toBeLessThanOrEqual(32_768);
    expect(Math.max(...held.high.subarray(0, held.length).filter(Number.isFinite))).toBe(1e9);
    expect([...held.value.subarray(0, held.length)].some(Number.isNaN)).toBe(true);
  });

  test("a series that comes back has another version", () => {
    const store = new SeriesStore();
    store.apply(message(0, [1], false));
    const before = store.version(keyText(key));
    store.clear();
    expect(store.version(keyText(key))).toBe(0);
    store.apply(message(0, [1], false));
    expect(store.version(keyText(key))).not.toBe(before);
  });

  test("a weight's series is another than its layer's", () => {
    expect(keyText({ layer: 1, statistic: "gradientNorm", weight: 2 })).not.toBe(
      keyText({ layer: 1, statistic: "gradientNorm" }),
    );
  });
});

describe("viewport", () => {
  test("zoom stays within the run; the whole run is live", () => {
    const viewport = new Viewport();
    viewport.extend(1000);
    viewport.zoomBy(0.5, 500);
    expect(viewport.range).toEqual({ from: 250, to: 750 });
    viewport.panBy(600);
    expect(viewport.range).toEqual({ from: 500, to: 1000 });
    viewport.zoomBy(4, 750);
    expect(viewport.range).toBeNull();
    viewport.zoomTo({ from: 10, to: 11 });
    expect(viewport.range).toEqual({ from: 10, to: 14 });
  });

  test("pinning is told apart from hovering", () => {
    const viewport = new Viewport();
    viewport.extend(10);
    const seen: string[] = [];
    viewport.changes.listen((change) => seen.push(change));
    viewport.hover(4);
    viewport.hover(4);
    expect(seen).toEqual(["cursor"]);
    viewport.pin(99);
    expect(viewport.pinned).toBe(10);
    expect(seen).toEqual(["cursor", "cursor", "pin"]);
    viewport.goLive();
    expect(viewport.isLive).toBe(true);
  });
});

describe("numbers out", () => {
  const columns = [
    { name: "mean", kind: "line" as const, points: points([1, Number.NaN]) },
    {
      name: '=HYPERLINK("x")',
      kind: "band" as const,
      points: { ...points([2], 1), low: Float64Array.of(1), high: Float64Array.of(3) },
    },
  ];

  test("are joined by step, absent is empty, NaN is a word, names are no formulas", () => {
    expect(numberRows(columns)).toEqual([
      { step: 0, values: [1, null, null] },
      { step: 1, values: [Number.NaN, 1, 3] },
    ]);
    expect(columnNames(columns)).toHaveLength(3);
    expect(toCsv(columns)).toBe(
      'step,mean,"\'=HYPERLINK(""x"")Low","\'=HYPERLINK(""x"")High"\r\n0,1,,\r\n1,NaN,1,3\r\n',
    );
  });
});
