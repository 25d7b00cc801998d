import { describe, expect, it } from "vitest";
import {
  type BatchNormSample,
  BatchNormWindow,
  type BatchNormWindowed,
  samplingNull,
} from "../../../src/stats/batchNormWindow.js";
import { normal } from "../kernels/reference.js";

const epsilon = 1e-3;
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

interface Step {
  mean: number[];
  variance: number[];
  runningMean: number[];
  runningVariance: number[];
  after: number[];
}

/** A BatchNorm layer by the book: batches of normal values, running averages with momentum. */
function train(steps: number, size: number, momentum: number, drift = 0): Step[] {
  const next = normal(steps * size);
  const truth = [0, 3, -1e4];
  let runningMean = [0, 0, 0];
  let runningVariance = [1, 1, 1];
  return Array.from({ length: steps }, (_, step) => {
    const batches = truth.map((center) =>
      Array.from({ length: size }, () => center + drift * step + 0.5 * next()).map(Math.fround),
    );
    const mean = batches.map((values) => Math.fround(average(values)));
    const variance = batches.map((values, channel) =>
      Math.fround(average(values.map((value) => (value - (mean[channel] as number)) ** 2))),
    );
    const before = { runningMean, runningVariance };
    runningMean = mean.map((value, channel) => momentum * (runningMean[channel] as number) + (1 - momentum) * value);
    runningVariance = variance.map(
      (value, channel) => momentum * (runningVariance[channel] as number) + (1 - momentum) * value,
    );
    return { mean, variance, ...before, after: runningVariance };
  });
}

function sample(step: Step, valuesPerChannel: number, momentum: number): BatchNormSample {
  return {
    batchMean: step.mean,
    batchVariance: step.variance,
    runningMeanBefore: step.runningMean,
    runningVarianceBefore: step.runningVariance,
    runningVariance: step.after,
    valuesPerChannel,
    passes: 1,
    momentum,
    epsilon,
  };
}

function last(steps: readonly Step[], size: number, momentum: number): BatchNormWindowed {
  const window = new BatchNormWindow();
  let windowed: BatchNormWindowed | undefined;
  for (const step of steps) windowed = window.push(sample(step, size, momentum));
  return windowed as BatchNormWindowed;
}

describe("BatchNormWindow", () => {
  it.each([
    [1, 8, 0.9],
    [7, 32, 0.99],
    [20, 4, 0.5],
    [53, 16, 0.99],
  ])("follows the definitions after %i steps of %i values", (count, size, momentum) => {
    const steps = train(count, size, momentum);
    const got = last(steps, size, momentum);
    const window = steps.slice(-20);
    const now = steps.at(-1) as Step;
    const channels = [0, 1, 2];
    const of = (name: keyof Step, channel: number) => window.map((step) => step[name][channel] as number);
    const near = (value: number | null | undefined, want: number) =>
      expect(Math.abs((value as number) - want)).toBeLessThanOrEqual(1e-9 * Math.max(1e-3, Math.abs(want)));

    for (const channel of channels) {
      const distance = (now.mean[channel] as number) - (now.runningMean[channel] as number);
      near(got.gap?.[channel], distance / Math.sqrt((now.runningVariance[channel] as number) + epsilon));
      const ratio = (average(of("variance", channel)) + epsilon) / ((now.after[channel] as number) + epsilon);
      near(got.channelLogVarianceRatio[channel], Math.log(ratio));
    }
    const shift = (channel: number) =>
      average(
        window.map((step) => {
          const [mean, running] = [step.mean[channel] as number, step.runningMean[channel] as number];
          const smaller = Math.min(step.variance[channel] as number, step.runningVariance[channel] as number);
          return (mean - running) / Math.sqrt(smaller + epsilon);
        }),
      );
    near(got.meanShift, average(channels.map((channel) => Math.abs(shift(channel)))));
    near(got.logVarianceRatio, average(Array.from(got.channelLogVarianceRatio, Math.abs)));
    const between = (channel: number) => {
      const means = of("mean", channel);
      return average(means.map((mean) => (mean - average(means)) ** 2)) / average(of("variance", channel));
    };
    near(got.betweenBatchVariance, average(channels.map(between)));
    near(got.warmup, momentum ** count);
    const null_ = (2 / Math.PI) * (1 / (window.length * size) + (1 - momentum) / ((1 + momentum) * size));
    near(got.samplingNull, Math.sqrt(null_));
    expect(got.nonfiniteChannels).toBe(0);
  });

  it("sees in a healthy layer a shift of about samplingNull and a between-batch variance of about 1/m′", () => {
    for (const [size, momentum] of [
      [8, 0.9],
      [64, 0.99],
    ] as const) {
      const got = last(train(2000, size, momentum), size, momentum);
      expect(got.meanShift).toBeLessThan(3 * samplingNull(20, size, momentum));
      expect(got.betweenBatchVariance * size).toBeGreaterThan(0.3);
      expect(got.betweenBatchVariance * size).toBeLessThan(3);
    }
  });

  it("keeps the sign of the shift: noise cancels over the window, a real shift does not", () => {
    expect(last(train(400, 64, 0.999, 0.01), 64, 0.999).meanShift).toBeGreaterThan(1);
    expect(last(train(400, 64, 0.9, 0), 64, 0.9).meanShift).toBeLessThan(0.15);
  });

  it("takes the smaller deviation as unit, so that an initial running variance of 1 hides nothing", () => {
    const step: Step = { mean: [0.1], variance: [1e-4], runningMean: [0], runningVariance: [1], after: [0.99] };
    const got = new BatchNormWindow().push(sample(step, 100, 0.99));
    expect(got.gap?.[0]).toBeCloseTo(0.09995, 5);
    expect(got.meanShift).toBeCloseTo(0.1 / Math.sqrt(1e-4 + epsilon), 9);
  });

  it.each([10, 20])("lets NaN at step %i out as NaN, counts it, and forgets it after K steps", (bad) => {
    const window = new BatchNormWindow();
    const steps = train(60, 8, 0.9);
    const results = steps.map((step, index) =>
      window.push(sample(index === bad ? { ...step, mean: [Number.NaN, 1, 1] } : step, 8, 0.9)),
    );
    expect(results[bad - 1]?.nonfiniteChannels).toBe(0);
    for (const index of [bad, bad + 19]) {
      expect(results[index]?.meanShift).toBeNaN();
      expect(results[index]?.betweenBatchVariance).toBeNaN();
      expect(results[index]?.nonfiniteChannels).toBe(1);
    }
    const after = results[bad + 20];
    expect(after?.nonfiniteChannels).toBe(0);
    expect(after?.meanShift).toBeCloseTo(last(steps.slice(bad + 1, bad + 21), 8, 0.9).meanShift as number, 9);
  });

  it("has no gap where the running statistics before the step are not known", () => {
    const [step] = train(1, 4, 0.9) as [Step];
    const got = new BatchNormWindow().push({ ...sample(step, 4, 0.9), runningMeanBefore: null });
    expect(got.gap).toBeNull();
    expect(got.meanShift).toBeNull();
    expect(got.logVarianceRatio).toBeGreaterThan(0);
  });

  it("handles m′ = 1, constant channels and momentum 1", () => {
    const constant: Step = { mean: [2], variance: [0], runningMean: [2], runningVariance: [0], after: [0] };
    const got = new BatchNormWindow().push(sample(constant, 1, 1));
    expect(got).toMatchObject({ meanShift: 0, logVarianceRatio: 0, betweenBatchVariance: 0, warmup: 1 });
    const window = new BatchNormWindow();
    window.push(sample(constant, 1, 0.9));
    const apart = window.push(sample({ ...constant, mean: [3] }, 1, 0.9));
    expect(apart.betweenBatchVariance).toBe(Number.POSITIVE_INFINITY);
  });

  it("starts afresh when the number of channels changes, and counts every pass of a step", () => {
    const window = new BatchNormWindow();
    for (const step of train(30, 8, 0.9)) window.push(sample(step, 8, 0.9));
    const one: Step = { mean: [1], variance: [1], runningMean: [0], runningVariance: [1], after: [1] };
    expect(window.push({ ...sample(one, 8, 0.9), passes: 4 }).warmup).toBeCloseTo(0.9 ** 4, 12);
  });

  it("a momentum that the script changes weighs the initial values by what held at each pass", () => {
    const window = new BatchNormWindow();
    const steps = train(5, 8, 0.9);
    let got: BatchNormWindowed | undefined;
    for (const [at, step] of steps.entries()) got = window.push({ ...sample(step, 8, at < 2 ? 0.9 : 0.5), passes: 2 });
    expect(got?.warmup).toBeCloseTo(0.9 ** 4 * 0.5 ** 6, 12);
  });
});
