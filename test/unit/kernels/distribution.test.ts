import { describe, expect, it } from "vitest";
import { buildKernels } from "../../../src/kernels/build.mjs";
import { normal, uniform } from "./reference.js";

await buildKernels();
const { createKernels } = await import("../../../src/kernels/kernels.js");
const { sharedMemory } = await import("./sharedMemory.js");
const { isFloat32 } = await import("../../../src/kernels/measured.js");

type Values = Float32Array | Int32Array | Uint8Array;

/** Hyndman & Fan's type 7, as NumPy's default. */
function percentile(sorted: readonly number[], percentage: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = (sorted.length - 1) * (percentage / 100);
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}

const shared = sharedMemory();
const engines = [
  ["WebAssembly", createKernels().distribution],
  ["plain", createKernels("plain").distribution],
  [
    "in place",
    {
      measure: (values: Values, options?: { sample?: number }) =>
        shared.kernels.distribution.measure(shared.place(values), options),
    },
  ],
] as const;

describe.each(engines)("distribution (%s)", (_, kernel) => {
  function check(values: Values): void {
    const got = kernel.measure(values);
    const sorted = Array.from(values)
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    expect([got.count, got.finiteCount]).toEqual([values.length, sorted.length]);
    const percentiles: [number, number][] = [
      [got.histogramMin, 0.1],
      [got.p15, 15],
      [got.p50, 50],
      [got.p85, 85],
      [got.histogramMax, 99.9],
    ];
    const largest = Math.max(...[sorted[0] ?? 0, sorted.at(-1) ?? 0].map(Math.abs));
    for (const [value, percentage] of percentiles) {
      const want = percentile(sorted, percentage);
      if (Number.isNaN(want)) expect(value).toBeNaN();
      else expect(Math.abs(value - want), `percentile ${percentage}`).toBeLessThanOrEqual(1e-13 * largest);
    }
    const histogram = new Array<number>(66).fill(0);
    const width = (got.histogramMax - got.histogramMin) / 64;
    for (const value of sorted) {
      let bin = width > 0 ? Math.min(63, Math.floor((value - got.histogramMin) * (1 / width))) : 0;
      if (value < got.histogramMin) bin = -1;
      if (value > got.histogramMax) bin = 64;
      histogram[bin + 1] = (histogram[bin + 1] as number) + 1;
    }
    expect(Array.from(got.histogram)).toEqual(histogram);
  }

  function floats(length: number, make: (index: number) => number): Float32Array {
    return Float32Array.from({ length }, (_value, index) => make(index));
  }

  it.each([0, 1, 2, 3, 10, 1000, 65_536, 65_537, 200_000])("is exact for %i values", (length) => {
    const next = normal(length);
    check(floats(length, next));
    check(floats(length, () => 1e4 + 1e-2 * next()));
    check(floats(length, () => Math.max(0, next())));
  });

  it.each<[string, (length: number) => Values]>([
    ["a constant", (length) => new Float32Array(length).fill(-0.1)],
    ["zeros of both signs", (length) => floats(length, (index) => (index % 2 ? 0 : -0))],
    ["all NaN", (length) => new Float32Array(length).fill(Number.NaN)],
    ["denormals", (length) => floats(length, (index) => 1e-45 * (index % 100) - 3e-44)],
    ["1e38 of both signs", (length) => floats(length, (index) => (index % 3 ? 3e38 : -3e38))],
    ["outliers", (length) => floats(length, (index) => (index % 5000 === 0 ? 1e30 : (index % 97) / 97))],
    ["edges of bins", (length) => floats(length, (index) => (index % 65) * 0.25)],
    ["one value of three", (length) => floats(length, (index) => (index % 3 ? 0.7 : index))],
    ["int32", (length) => Int32Array.from({ length }, (_value, index) => Math.imul(index, 2654435761))],
    ["uint8", (length) => Uint8Array.from({ length }, (_value, index) => index % 251)],
  ])("%s", (_name, make) => {
    for (const length of [1, 999, 70_001]) check(make(length));
  });

  it("leaves NaN and Inf out, wherever they are", () => {
    const next = uniform(5);
    for (const length of [50, 5000, 80_000]) {
      const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const values = floats(length, () => (next() < 0.1 ? (bad[Math.floor(next() * 3)] as number) : next() - 0.5));
      // NaN with its sign bit set sorts below −Infinity.
      new Uint32Array(values.buffer)[1] = 0xffc00001;
      check(values);
    }
  });

  it("keeps the stated bound when it looks at a sample, also of values that repeat with a period", () => {
    const next = normal(11);
    const channels = 64;
    const values = floats(600_000, (index) => (index % channels) * 0.1 + next());
    const sorted = Array.from(values).sort((a, b) => a - b);
    const size = 20_000;
    const bound = 100 * Math.sqrt(Math.log(2 / 1e-6) / (2 * size));
    const got = kernel.measure(values, { sample: size });
    expect(got.count).toBe(size);
    for (const [value, percentage] of [
      [got.p15, 15],
      [got.p50, 50],
      [got.p85, 85],
    ] as const) {
      expect(value).toBeGreaterThanOrEqual(percentile(sorted, percentage - bound));
      expect(value).toBeLessThanOrEqual(percentile(sorted, percentage + bound));
    }
    expect(kernel.measure(values, { sample: size })).toEqual(got);
    expect(kernel.measure(values.subarray(0, 1000), { sample: size }).count).toBe(1000);
    expect(() => kernel.measure(values, { sample: 0 })).toThrow("got a sample of 0 values, wanted at least 1");
  });
});

it("takes the same sample wherever the values lie", () => {
  const next = normal(23);
  for (const [length, sample] of [
    [100_000, 40_000],
    [40_001, 40_000],
    [777, 5],
    [1_000_003, 1022],
  ] as const) {
    const values = Float32Array.from({ length }, next);
    const [copied, plain, inPlace] = engines.map(([, kernel]) => kernel.measure(values, { sample }));
    expect(copied).toEqual(plain);
    expect(inPlace).toEqual(plain);
  }
});

it("tells float32 arrays of another realm apart", async () => {
  const { runInNewContext } = await import("node:vm");
  expect(isFloat32(runInNewContext("new Float32Array(1)"))).toBe(true);
  expect(isFloat32(runInNewContext("new Int32Array(1)"))).toBe(false);
});
