import { describe, expect, it } from "vitest";
import { sampleSize } from "../../../src/backend/hooks/activations.js";
import { buildKernels } from "../../../src/kernels/build.mjs";
import { normal, uniform } from "./reference.js";

await buildKernels();
const { createKernels } = await import("../../../src/kernels/kernels.js");

/** Bounds that the README states: points of rank, by percentile. */
const bounds = [
  ["histogramMin", 0.1, 0.1],
  ["p15", 15, 1],
  ["p50", 50, 1],
  ["p85", 85, 1],
  ["histogramMax", 99.9, 0.1],
] as const;

/** In points: how far the percentage is from the ranks that values at or around `value` have among all values. */
function rankError(sorted: Float32Array, value: number, percentage: number): number {
  let below = 0;
  let upTo = 0;
  // What lies between two neighbouring values has the rank of both.
  const rounded = Math.fround(value);
  for (const each of sorted) {
    if (each < rounded) below++;
    if (each <= rounded) upTo++;
  }
  const [low, high] = [(100 * below) / sorted.length, (100 * upTo) / sorted.length];
  return Math.max(0, low - percentage, percentage - high);
}

const count = 400_000;
const cauchy = (next: () => number): number => Math.tan(Math.PI * (next() - 0.5));

describe("percentiles from a sample of more than 40 000 values keep their bound", () => {
  const next = uniform(7);
  const noise = normal(3);
  const kinds: readonly (readonly [string, (at: number) => number])[] = [
    ["normal values", () => noise()],
    ["sorted values", (at) => at],
    ["values sorted downwards, with ties", (at) => -Math.floor(at / 1000)],
    ["two values, the rarer just above 15 %", () => (next() < 0.16 ? -1 : 1)],
    ["two values in two halves", (at) => (at < count / 2 ? 0 : 1)],
    ["zeros but for 14 % (a sparse ReLU)", () => (next() < 0.14 ? next() : 0)],
    ["heavy tails", () => cauchy(next)],
    ["heavier tails", () => Math.exp(Math.min(80, 20 * Math.abs(cauchy(next))))],
    ["one block of outliers", (at) => (at > 100_000 && at < 170_000 ? 1e30 : noise())],
    ["a block of 40 outliers", (at) => (at > 5000 && at <= 5040 ? -1e30 : noise())],
    ["channels of very different sizes", (at) => noise() * 10 ** (at % 7)],
    ["a period that is the sample's stretch", (at) => (at % 10 === 0 ? 100 : noise())],
    ["a period of twice the stretch", (at) => (at % 20 < 10 ? -1 : 1) + 1e-3 * noise()],
    ["a slow wave", (at) => Math.sin(at / 500)],
  ];

  it.each(kinds)("%s", (_, make) => {
    const values = Float32Array.from({ length: count }, (_, at) => make(at));
    const sorted = values.slice().sort();
    const got = createKernels().distribution.measure(values, { sample: sampleSize });
    for (const [name, percentage, bound] of bounds) {
      expect(rankError(sorted, got[name], percentage), name).toBeLessThanOrEqual(bound);
    }
  });
});
