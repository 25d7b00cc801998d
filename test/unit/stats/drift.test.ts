import { describe, expect, it } from "vitest";
import { DerivedRows } from "../../../src/stats/derivedRows.js";
import { DriftTracker, defaultDriftSettings } from "../../../src/stats/drift.js";
import { completed } from "./completed.js";

describe("DriftTracker", () => {
  it("gives the change over k steps, and nothing where step t − k was not captured", () => {
    const tracker = new DriftTracker({ ...defaultDriftSettings, distanceSteps: 2 });
    expect(tracker.push(1, 1, 4)).toEqual({});
    expect(tracker.push(2, 5, 1)).toEqual({ referenceDrift: 2 });
    expect(tracker.push(3, -2, 9)).toMatchObject({ meanDrift: 3, varianceDrift: 5 });
    expect(tracker.push(6, 0, 0)).not.toHaveProperty("meanDrift");
    expect(tracker.push(8, 1, 2)).toMatchObject({ meanDrift: 1, varianceDrift: 2 });
  });

  it("compares with a slow average that begins as a plain one and weighs by steps, not by captures", () => {
    const rate = defaultDriftSettings.averageMomentum;
    const steps = [1, 2, 3, 10, 11, 50];
    const means = [4, 0, 2, 2, -8, 3];
    const tracker = new DriftTracker();
    steps.forEach((step, index) => {
      const got = tracker.push(step, means[index] as number, 4).referenceDrift;
      if (index === 0) {
        expect(got).toBeUndefined();
        return;
      }
      const past = steps.slice(0, index);
      const weights = past.map((earlier) => rate ** ((past.at(-1) as number) - earlier));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const reference = weights.reduce((sum, weight, i) => sum + weight * (means[i] as number), 0) / total;
      expect(got).toBeCloseTo(Math.abs((means[index] as number) - reference) / 2, 12);
    });
  });

  it("compares with the start of the run or of the epoch", () => {
    const run = new DriftTracker({ ...defaultDriftSettings, reference: "runStart" });
    const epoch = new DriftTracker({ ...defaultDriftSettings, reference: "epochStart" });
    for (const tracker of [run, epoch]) {
      tracker.push(1, 0, 1);
      expect(tracker.push(2, 3, 1).referenceDrift).toBe(3);
      tracker.startEpoch();
      tracker.push(3, 10, 25);
    }
    expect(run.push(4, 5, 1).referenceDrift).toBe(5);
    expect(epoch.push(4, 5, 1).referenceDrift).toBe(1);
  });

  it("lets NaN out as NaN and keeps it out of the reference", () => {
    const tracker = new DriftTracker();
    tracker.push(1, 1, 1);
    expect(tracker.push(2, Number.NaN, Number.NaN)).toEqual({
      meanDrift: Number.NaN,
      varianceDrift: Number.NaN,
      referenceDrift: Number.NaN,
    });
    expect(tracker.push(3, 3, 1).referenceDrift).toBe(2);
  });

  it("is infinitely far from a constant, and not at all when it stays there", () => {
    const tracker = new DriftTracker();
    tracker.push(1, 1, 0);
    expect(tracker.push(2, 1, 0).referenceDrift).toBe(0);
    expect(tracker.push(3, 2, 0).referenceDrift).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("DerivedRows", () => {
  it("adds the gap to the running statistics before the step, which the rows before hold", () => {
    const rows = new DerivedRows(() => ({ momentum: 0.5, epsilon: 0 }));
    completed(rows, "batchNorm", 0, 3, { passes: 0, runningMean: [0], runningVariance: [1] });
    const batch = { passes: 1, batchMean: [2], batchVariance: [4], valuesPerChannel: 10 };
    const first = completed(rows, "batchNorm", 1, 3, { ...batch, runningMean: [1], runningVariance: [2.5] });
    expect(first).toMatchObject({ gap: Float64Array.of(2), meanShift: 2, warmup: 0.5, runningMean: [1] });
    const second = completed(rows, "batchNorm", 2, 3, { ...batch, runningMean: [1.5], runningVariance: [3] });
    expect(second.gap?.[0]).toBeCloseTo(1 / Math.sqrt(2.5), 12);
    expect(second.channelLogVarianceRatio?.[0]).toBeCloseTo(Math.log(4 / 3), 12);
  });

  it("knows no gap at a layer's first row when nothing came before, and keeps series apart", () => {
    const rows = new DerivedRows(() => ({}));
    const row = { passes: 1, batchMean: [2], batchVariance: [4], valuesPerChannel: 10, runningMean: [1] };
    for (const series of [0, 1]) {
      const first = completed(rows, "batchNorm", 1, series, { ...row, runningVariance: [1] });
      expect(first).not.toHaveProperty("gap");
      expect(first).not.toHaveProperty("meanShift");
      expect(first.warmup).toBe(0.99);
    }
  });

  it("leaves rows of a layer in inference mode, and other tables, as they are", () => {
    const rows = new DerivedRows(() => ({}));
    const inference = { passes: 0, runningMean: [0], runningVariance: [1] };
    expect(completed(rows, "batchNorm", 1, 0, inference)).toEqual(inference);
    expect(completed(rows, "weights", 1, 0, { weightNorm: 1 })).toEqual({ weightNorm: 1 });
    expect(completed(rows, "activations", 1, 0, { mean: 1, variance: 2 })).toEqual({ mean: 1, variance: 2 });
    expect(completed(rows, "activations", 2, 0, { mean: 3, variance: 2 })).toMatchObject({ meanDrift: 2 });
  });
});
