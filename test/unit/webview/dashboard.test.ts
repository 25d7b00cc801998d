import { describe, expect, test } from "vitest";
import { barOf, channelBars, worstChannels } from "../../../webview/dashboard/channelOrder.js";
import {
  mapStatistics,
  middleOf,
  mostTelling,
  scaleEnds,
  shareOf,
  shownValue,
} from "../../../webview/dashboard/mapStatistics.js";
import { formatDuration, formatNumber, formatPercent, formatStep, formatTick } from "../../../webview/shared/format.js";

describe("numbers as people read them", () => {
  test.each([
    [0, "0"],
    [0.123456, "0.123"],
    [-1.23456, "−1.235"],
    [123.456, "123.5"],
    [12345.6, "12346"],
    [0.00012345, "1.23e−4"],
    [1.5e9, "1.5e9"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
    [null, "–"],
    [undefined, "–"],
  ])("%s is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test("steps, ticks, times, shares", () => {
    expect(formatStep(1234567)).toBe("1.235 M");
    expect(formatStep(12345)).toBe("12\u202f345");
    expect(formatTick(0.25, 0.05)).toBe("0.25");
    expect(formatTick(-2, 1)).toBe("−2");
    expect(formatDuration(3_725_000)).toBe("1:02:05");
    expect(formatDuration(65_000)).toBe("1:05");
    expect(formatPercent(0.0123)).toBe("1.2 %");
  });
});

describe("channels", () => {
  test("the largest come first, by their distance from zero; NaN before all", () => {
    const values = Float64Array.of(0.1, -5, Number.NaN, 3);
    expect([...channelBars(values, "value", 10).order]).toEqual([2, 1, 3, 0]);
    expect(worstChannels(values, 2)).toEqual([2, 1]);
    expect([...channelBars(values, "index", 10).order]).toEqual([0, 1, 2, 3]);
  });

  test("more channels than bars: a bar shows the largest of its channels", () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i === 777 ? -9 : 0.001 * i));
    const { order, bars } = channelBars(values, "index", 100);
    expect(bars).toHaveLength(100);
    expect(order[bars[77] ?? 0]).toBe(777);
  });

  test.each([
    [1000, 100],
    [7, 7],
    [1001, 64],
  ])("of %i channels in %i bars, each is found in the bar that stands for it", (channels, most) => {
    const values = Float64Array.from({ length: channels }, (_, i) => Math.sin(i * 7));
    const drawn = channelBars(values, "value", most);
    drawn.bars.forEach((place, bar) => {
      expect(barOf(drawn, drawn.order[place] as number)).toBe(bar);
    });
    expect(barOf(drawn, channels)).toBeNull();
  });

  test("a million channels", () => {
    const values = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i));
    values[123_456] = 7;
    expect(worstChannels(values, 8)[0]).toBe(123_456);
    expect(channelBars(values, "index", 600).bars).toHaveLength(600);
  });
});

describe("scale of the map", () => {
  const named = (name: string) => {
    const found = mapStatistics.find(({ statistic }) => statistic === name);
    if (found === undefined) throw new Error(`The map has no ${name}.`);
    return found;
  };

  test("fixed for what the rules judge, from the bulk for the rest", () => {
    expect(scaleEnds(named("meanShift"), Float64Array.of(100))).toEqual([0, 1]);
    const values = Float64Array.from({ length: 1000 }, (_, i) => i / 1000);
    values[5] = 1e9;
    values[6] = Number.NaN;
    values[7] = Number.POSITIVE_INFINITY;
    expect(scaleEnds(named("varianceDrift"), values)[1]).toBeLessThan(2);
    expect(scaleEnds(named("varianceDrift"), Float64Array.of(Number.NaN))).toEqual([0, 1]);
  });

  test("drifts follow the square root, so that a healthy layer and a drifting one are not the same colour", () => {
    const shift = named("meanShift");
    const share = (value: number) => shareOf(shift, scaleEnds(shift, new Float64Array(0)), value);
    expect([0, 0.04, 0.25, 1, 9, -1].map(share)).toEqual([0, 0.2, 0.5, 1, 1, 0]);
    expect(share(middleOf(shift, [0, 1]))).toBe(0.5);
    const zeros = named("zeroFraction");
    expect(shareOf(zeros, [0, 1], 0.3)).toBe(0.3);
    expect(shareOf(zeros, [0, 1], middleOf(zeros, [0, 1]))).toBe(0.5);
  });

  test("what it shows first is what inference will see, where there is BatchNorm", () => {
    expect(mostTelling([{ className: "Dense" }, { className: "BatchNormalization" }])).toBe("meanShift");
    expect(mostTelling([{ className: "Dense" }])).toBe("referenceDrift");
  });

  test("ratios are shown as logarithms; marks stay marks", () => {
    expect(shownValue(named("updateRatio"), 0.001)).toBeCloseTo(-3, 12);
    expect(shownValue(named("updateRatio"), Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(shownValue(named("updateRatio"), Number.NaN)).toBeNaN();
  });
});
