import { describe, expect, it } from "vitest";
import { buildKernels } from "../../../src/kernels/build.mjs";
import { channelValues, normal, reference, uniform } from "./reference.js";

await buildKernels();
const { createKernels } = await import("../../../src/kernels/kernels.js");
const { sharedMemory } = await import("./sharedMemory.js");

type Values = Float32Array | Int32Array | Uint8Array;
type Options = { channels?: number; inner?: number; saturation?: "none" | "tanh" | "sigmoid" };

const shared = sharedMemory();
const engines = [
  ["SIMD", createKernels().statistics],
  ["plain", createKernels("plain").statistics],
  [
    "in place",
    {
      isSimd: true,
      measure: (values: Values, options?: Options) => shared.kernels.statistics.measure(shared.place(values), options),
    },
  ],
] as const;

function near(got: number, want: number, relative: number, what: string): void {
  if (Number.isNaN(want)) expect(got, what).toBeNaN();
  else
    expect(Math.abs(got - want), `${what}: got ${got}, wanted ${want}`).toBeLessThanOrEqual(relative * Math.abs(want));
}

function floats(length: number, make: (index: number) => number): Float32Array {
  return Float32Array.from({ length }, (_, index) => make(index));
}

it("has WebAssembly SIMD here, so that both engines are tested", () => {
  expect(engines[0][1].isSimd).toBe(true);
  expect(engines[1][1].isSimd).toBe(false);
});

describe.each(engines)("measure (%s)", (_, kernel) => {
  function check(values: Values, options: Options = {}, relative = 1e-12): void {
    const got = kernel.measure(values, options);
    const want = reference(values);
    const { channels = 1, inner = 1 } = options;
    expect(got.count).toBe(values.length);
    expect([got.finiteCount, got.nanCount, got.infCount]).toEqual([want.finiteCount, want.nanCount, want.infCount]);
    expect([got.min, got.max, got.zeroFraction]).toEqual([want.min, want.max, want.zeroFraction]);
    const scale = Math.sqrt(want.variance) / Math.abs(want.mean);
    near(got.mean, want.mean, relative * Math.max(1, Number.isFinite(scale) ? scale : 1), "mean");
    near(got.variance, want.variance, relative, "variance");
    if (channels === 1) {
      expect(got.channelMean).toBeUndefined();
      return;
    }
    let firstNonfinite: number | null = null;
    for (let channel = 0; channel < channels; channel++) {
      const part = reference(channelValues(values, channel, channels, inner));
      const spread = Math.sqrt(part.variance) + Math.abs(part.mean);
      const difference = Math.abs((got.channelMean?.[channel] ?? Number.NaN) - part.mean);
      if (part.finiteCount > 0) expect(difference, `mean of channel ${channel}`).toBeLessThanOrEqual(relative * spread);
      else expect(got.channelMean?.[channel]).toBeNaN();
      near(got.channelVariance?.[channel] ?? 0, part.variance, relative, `variance of channel ${channel}`);
      if (part.nanCount + part.infCount > 0) firstNonfinite ??= channel;
    }
    expect(got.firstNonfiniteChannel).toBe(firstNonfinite);
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 12, 64, 100, 1000, 1001])("agrees with float64 for %i channels", (channels) => {
    for (const rows of [1, 2, 3, 31]) {
      const next = normal(channels * 100 + rows);
      check(
        floats(rows * channels, (index) => (index % channels) + 0.5 * next()),
        { channels },
      );
    }
  });

  it("agrees over several chunks, one row per chunk and rows longer than a chunk", () => {
    const next = normal(1);
    check(floats(70_003, next));
    check(floats(90_000, next), { channels: 9 });
    check(floats(3 * 9001, next), { channels: 9001 });
    check(floats(2 * 40_003, next), { channels: 40_003 });
  });

  it.each([
    [3, 4],
    [3, 5],
    [5, 49],
    [2, 20_000],
    [7, 1],
  ])("takes a channel axis that is not the last: %i channels of %i neighbours", (channels, inner) => {
    const next = normal(channels * inner);
    const values = floats(4 * channels * inner, (index) => (Math.floor(index / inner) % channels) + next());
    values[inner * channels + 1] = Number.NaN;
    check(values, { channels, inner });
  });

  it.each([
    [1e4, 1e-2],
    [-1e6, 1],
  ])("does not cancel: mean %d, deviation %d", (mean, deviation) => {
    const next = normal(7);
    check(
      floats(50_000, () => mean + deviation * next()),
      { channels: 5 },
      1e-9,
    );
  });

  it.each<[string, Values]>([
    ["nothing", new Float32Array(0)],
    ["one value", Float32Array.of(3.5)],
    ["two values", Float32Array.of(-1, 2)],
    ["a constant", new Float32Array(1000).fill(0.1)],
    ["zeros", new Float32Array(77)],
    ["minus zeros", new Float32Array(9).fill(-0)],
    ["all NaN", new Float32Array(1003).fill(Number.NaN)],
    ["all Infinity", new Float32Array(13).fill(Number.POSITIVE_INFINITY)],
    ["denormals", floats(301, (index) => 1e-45 * index)],
    ["1e30", floats(1001, (index) => (index % 2 ? 1e30 : -1e30))],
    ["largest float32", floats(1001, (index) => (index % 3 ? 3.4028234663852886e38 : -3.4028234663852886e38))],
    ["int32 extremes", Int32Array.from({ length: 1000 }, (_, index) => (index % 2 ? 2147483647 : -2147483648))],
    ["int32 beyond 2^24", Int32Array.from({ length: 1003 }, (_, index) => 2_000_000_001 + (index % 3))],
    ["bool", Uint8Array.from({ length: 1001 }, (_, index) => (index % 3 === 0 ? 1 : 0))],
  ])("%s", (_name, values) => {
    check(values, {}, 1e-9);
    if (values.length % 7 === 0) check(values, { channels: 7 }, 1e-9);
  });

  it("counts NaN and Inf wherever they are and leaves them out of everything else", () => {
    const next = uniform(3);
    for (let round = 0; round < 40; round++) {
      const channels = 1 + Math.floor(next() * 9);
      const values = floats(channels * (1 + Math.floor(next() * 3000)), () => next() - 0.3);
      for (let i = Math.floor(next() * 20); i >= 0; i--) {
        const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][Math.floor(next() * 3)] as number;
        values[Math.floor(next() * values.length)] = bad;
      }
      check(values, { channels });
    }
  });

  it("finds the shift of a channel whose first chunk is all NaN", () => {
    const next = normal(4);
    const values = floats(200_000, (index) => (index < 100_000 && index % 4 === 2 ? Number.NaN : 1e4 + 1e-2 * next()));
    check(values, { channels: 4 }, 1e-9);
  });

  it("counts saturation by the bounds as real numbers", () => {
    const nearest = Math.fround(0.97);
    const below = Float32Array.of(nearest);
    new Int32Array(below.buffer)[0] = (new Int32Array(below.buffer)[0] as number) - 1;
    const values = Float32Array.of(nearest, below[0] as number, -1, -0.5, Math.fround(0.03), 0.031, Number.NaN, 0, 0.5);
    for (const some of [values, floats(values.length * 8, (index) => values[index % values.length] as number)]) {
      expect(kernel.measure(some, { saturation: "tanh" }).saturatedFraction).toBe(2 / 9);
      expect(kernel.measure(some, { saturation: "sigmoid" }).saturatedFraction).toBe(5 / 9);
      expect(kernel.measure(some).saturatedFraction).toBeUndefined();
    }
  });

  it("calls a channel dead when more than 99 % of its values are zero", () => {
    const values = floats(4 * 1000, (index) => {
      const [row, channel] = [Math.floor(index / 4), index % 4];
      if (channel === 0) return 0;
      if (channel === 1) return row < 9 ? 1 : 0;
      if (channel === 2) return row < 10 ? 1 : 0;
      return 1;
    });
    expect(kernel.measure(values, { channels: 4 }).deadFraction).toBe(0.5);
  });

  it("forgets the last tensor", () => {
    kernel.measure(new Float32Array(4000).fill(Number.NaN), { channels: 40, saturation: "tanh" });
    check(floats(4000, normal(2)), { channels: 40 });
  });

  it("refuses options that do not fit", () => {
    expect(() => kernel.measure(new Float32Array(10), { channels: 3 })).toThrow(
      "got 10 values, wanted a multiple of 3",
    );
    expect(() => kernel.measure(new Float32Array(10), { channels: 0 })).toThrow("got 0 channels");
  });
});

it("folds lanes that hold more than 2^31 values each", async () => {
  const { createMemory, instantiate } = await import("../../../src/kernels/instantiate.js");
  const { statisticsModule } = await import("../../../src/kernels/generated/statisticsModule.js");
  const memory = createMemory(1);
  if (memory === null) throw new Error("no WebAssembly");
  const wasm = instantiate<{
    layout(at: number, base: number, capacity: number): void;
    begin(lanes: number, mode: number): void;
    fold(lanes: number, channels: number, runs: boolean, perChannel: number, mode: number): void;
  }>(statisticsModule, memory);
  if (wasm === null) throw new Error("no SIMD");
  const [base, capacity] = [1024, 8];
  wasm.layout(0, base, capacity);
  wasm.begin(4, 0);
  const doubles = new Float64Array(memory.buffer);
  const counters = new Uint32Array(memory.buffer);
  const count = 3_000_000_000;
  for (let lane = 0; lane < 4; lane++) {
    const mean = lane < 2 ? 10 : -10;
    doubles[base / 8 + lane] = 10;
    doubles[base / 8 + capacity + lane] = count * (mean - 10);
    doubles[base / 8 + 2 * capacity + lane] = count * ((mean - 10) ** 2 + 4);
    counters[base / 4 + 6 * capacity + lane] = count;
    counters[base / 4 + 7 * capacity + lane] = 2_900_000_000;
  }
  wasm.fold(4, 1, false, 4 * count, 0);
  const [finiteCount, mean, variance, zeros] = doubles.subarray(8, 12);
  expect([finiteCount, mean, zeros]).toEqual([4 * count, 0, 4 * 2_900_000_000]);
  expect(variance).toBeCloseTo(104, 6);
});
