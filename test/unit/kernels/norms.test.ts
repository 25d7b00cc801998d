import { describe, expect, it } from "vitest";
import { buildKernels } from "../../../src/kernels/build.mjs";
import { exactSum, normal } from "./reference.js";

await buildKernels();
const { createKernels } = await import("../../../src/kernels/kernels.js");
const { sharedMemory } = await import("./sharedMemory.js");

function floats(length: number, make: (index: number) => number): Float32Array {
  return Float32Array.from({ length }, (_value, index) => make(index));
}

const shared = sharedMemory();

describe.each([
  ["SIMD", createKernels().statistics],
  ["plain", createKernels("plain").statistics],
  [
    "in place",
    {
      norm: (values: Float32Array) => shared.kernels.statistics.norm(shared.place(values)),
      differenceNorm: (a: Float32Array, b: Float32Array) =>
        shared.kernels.statistics.differenceNorm(shared.place(a), shared.place(b, 1)),
    },
  ],
] as const)("norms (%s)", (_, kernel) => {
  it.each([0, 1, 3, 7, 8, 9, 1000, 40_001])("agrees with float64 for %i values", (length) => {
    const next = normal(length);
    for (const scale of [1, 1e30, 1e-40]) {
      const a = floats(length, () => scale * next());
      const b = floats(length, (index) => (a[index] as number) + 1e-6 * scale * next());
      const norm = kernel.norm(a);
      const squares = exactSum(Array.from(a, (value) => value * value));
      expect(norm.sumSquares).toBeLessThanOrEqual(squares * (1 + 1e-13));
      expect(norm.sumSquares).toBeGreaterThanOrEqual(squares * (1 - 1e-13));
      const absolute = exactSum(Array.from(a, Math.abs));
      expect(Math.abs(norm.sumAbs - absolute)).toBeLessThanOrEqual(absolute * 1e-13);
      expect(norm.nonfinite).toBe(0);
      const wanted = exactSum(Array.from(a, (value, index) => (value - (b[index] as number)) ** 2));
      const difference = kernel.differenceNorm(a, b);
      expect(Math.abs(difference.sumSquares - wanted)).toBeLessThanOrEqual(wanted * 1e-13);
      expect(difference.nonfinite).toBe(0);
    }
  });

  it("lets NaN and Inf through and counts them", () => {
    const values = floats(50_000, () => 1);
    values[3] = Number.POSITIVE_INFINITY;
    expect(kernel.norm(values)).toEqual({ sumSquares: Infinity, sumAbs: Infinity, nonfinite: 1 });
    expect(kernel.differenceNorm(values, new Float32Array(50_000))).toEqual({ sumSquares: Infinity, nonfinite: 1 });
    values[49_999] = Number.NaN;
    expect(kernel.norm(values)).toEqual({ sumSquares: Number.NaN, sumAbs: Number.NaN, nonfinite: 2 });
    expect(kernel.differenceNorm(values, values)).toEqual({ sumSquares: Number.NaN, nonfinite: 2 });
  });

  it("refuses arrays of different lengths", () => {
    expect(() => kernel.differenceNorm(new Float32Array(2), new Float32Array(3))).toThrow("got 2 and 3 values");
  });
});
