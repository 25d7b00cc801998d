import { describe, expect, it } from "vitest";
import type { SeriesBuckets } from "../../../src/run/tiers/bucketBuilder.js";
import { SeriesTier } from "../../../src/run/tiers/seriesTier.js";
import { random } from "./random.js";

interface Point {
  readonly step: number;
  readonly value: number;
}

/** Buckets computed from the whole series at once. */
function reference(
  points: readonly Point[],
  width: number,
): { step: number; mean: number; min: number; max: number }[] {
  const groups = new Map<number, number[]>();
  for (const { step, value } of points) {
    const start = Math.floor(step / width) * width;
    groups.set(start, [...(groups.get(start) ?? []), value]);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([step, values]) => {
      const finite = values.filter(Number.isFinite);
      const whole = finite.length === values.length;
      return {
        step,
        mean: whole ? values.reduce((sum, value) => sum + value, 0) / values.length : Number.NaN,
        min: finite.length > 0 ? Math.min(...finite) : Number.NaN,
        max: finite.length > 0 ? Math.max(...finite) : Number.NaN,
      };
    });
}

function expectBuckets(got: SeriesBuckets, points: readonly Point[], width: number): void {
  const wanted = reference(points, width);
  expect(Array.from(got.step)).toEqual(wanted.map(({ step }) => step));
  expect(Array.from(got.min)).toEqual(wanted.map(({ min }) => min));
  expect(Array.from(got.max)).toEqual(wanted.map(({ max }) => max));
  for (const [at, { mean }] of wanted.entries()) {
    if (Number.isNaN(mean)) expect(got.mean[at]).toBeNaN();
    else expect(Math.abs((got.mean[at] as number) - mean)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(mean)));
  }
}

/** A series with gaps, jumps, NaN and Inf. */
function series(seed: number, length: number): Point[] {
  const next = random(seed);
  const points: Point[] = [];
  let step = 0;
  for (let at = 0; at < length; at++) {
    step += next() < 0.05 ? 1 + Math.floor(next() * 500) : 1;
    const odd = next();
    const value =
      odd < 0.01 ? Number.NaN : odd < 0.015 ? Number.NEGATIVE_INFINITY : (next() - 0.5) * 10 ** (next() * 8 - 4);
    points.push({ step, value });
  }
  return points;
}

describe("SeriesTier", () => {
  it.each([1, 2, 3, 4, 5, 6])("holds what the whole series says (seed %i)", (seed) => {
    const points = series(seed, 3000);
    const tier = new SeriesTier(64 * seed);
    for (const [at, { step, value }] of points.entries()) {
      tier.append(step, value);
      if (at % 701 === 0) expectBuckets(tier.query(0, 1e9, tier.width), points.slice(0, at + 1), tier.width);
    }
    expect(tier.size).toBeLessThanOrEqual(64 * seed);
    for (const factor of [1, 2, 8]) {
      expectBuckets(tier.query(0, 1e9, factor * tier.width), points, factor * tier.width);
    }
    const nonfinite = points.filter(({ value }) => !Number.isFinite(value)).map(({ step }) => step);
    expect(tier.query(0, 1e9, 1).nonfinite).toEqual(nonfinite.slice(0, 64));
  });

  it("gives every point as it is while there is room", () => {
    const points = series(7, 500);
    const tier = new SeriesTier(1000);
    for (const { step, value } of points) tier.append(step, value);
    const got = tier.query(0, 1e9, 1);
    expect(Array.from(got.step)).toEqual(points.map(({ step }) => step));
    expect(Array.from(got.mean)).toEqual(points.map(({ value }) => (Number.isFinite(value) ? value : Number.NaN)));
  });

  it("takes rows that come late and steps that come again", () => {
    const points = series(8, 800);
    const tier = new SeriesTier(128);
    const late = points.filter((_, at) => at % 10 === 3);
    for (const [at, { step, value }] of points.entries()) {
      if (at % 10 === 3) continue;
      tier.append(step, -999);
      tier.append(step, value);
      if (at % 10 === 7) tier.append((points[at - 4] as Point).step, (points[at - 4] as Point).value);
    }
    expect(late.length).toBe(80);
    expectBuckets(tier.query(0, 1e9, tier.width), points, tier.width);
  });

  it("answers for a range with the buckets that touch it", () => {
    const tier = new SeriesTier(1000);
    for (let step = 0; step < 100; step++) tier.append(step, step);
    const got = tier.query(13, 29, 8);
    expect(Array.from(got.step)).toEqual([8, 16, 24]);
    expect(Array.from(got.mean)).toEqual([11.5, 19.5, 26.5]);
  });

  it("gives back what was saved, and goes on from there", () => {
    const points = series(9, 2000);
    const whole = new SeriesTier(200);
    const half = new SeriesTier(200);
    for (const { step, value } of points) whole.append(step, value);
    for (const { step, value } of points.slice(0, 900)) half.append(step, value);
    const { numbers, nonfinite, columns } = half.save();
    const bytes = new Uint8Array(Buffer.concat(columns)).slice();
    const restored = SeriesTier.restore(200, numbers, nonfinite, bytes);
    for (const { step, value } of points.slice(900)) restored.append(step, value);
    expect(restored.query(0, 1e9, 1)).toEqual(whole.query(0, 1e9, 1));
  });

  it("shrinks to a smaller capacity with the same content", () => {
    const points = series(10, 2000);
    const tier = new SeriesTier(1024);
    for (const { step, value } of points) tier.append(step, value);
    tier.shrink(100);
    expect(tier.size).toBeLessThanOrEqual(100);
    expectBuckets(tier.query(0, 1e9, tier.width), points, tier.width);
  });

  it("costs the same for a thousand steps and for ten million", { timeout: 60_000 }, () => {
    const short = new SeriesTier(2048);
    const long = new SeriesTier(2048);
    for (let step = 0; step < 1e3; step++) short.append(step, Math.sin(step));
    for (let step = 0; step < 1e7; step++) long.append(step, Math.sin(step));
    expect(long.size).toBeLessThanOrEqual(2048);
    const cost = (tier: SeriesTier, last: number) => {
      const times = Array.from({ length: 41 }, () => {
        const from = performance.now();
        for (let again = 0; again < 50; again++)
          tier.query(0, last, Math.max(1, 2 ** Math.floor(Math.log2(last / 512))));
        return performance.now() - from;
      });
      return Math.min(...times);
    };
    cost(short, 1e3);
    const shortMs = cost(short, 1e3);
    const longMs = cost(long, 1e7);
    expect(longMs / shortMs).toBeLessThan(3);
  });
});
