import { describe, expect, test } from "vitest";
import { expectListClose } from "./closeTo.js";
import { type RecordedRun, resultOf, runScript } from "./runScript.js";

interface Seen {
  readonly of: string;
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

const steps = 3;
const momentums = { timeNorm: 0.99, cellNorm: 0.5, blockFirst: 0.99, blockLate: 0.99 };
/** TensorFlow.js computes in float32. */
const tolerance = 2e-5;

describe.each(["0", "every"])("BatchNorm inside wrappers, cells and custom layers, budget %s", (budget) => {
  const result = runScript("wrapped.cjs", { budget });
  const seen = resultOf(result).seen as unknown as readonly Seen[];
  const { run, rows } = result.runs[0] as RecordedRun;
  const seriesOf = (name: string): number => run.layers.findIndex((layer) => layer.name === name);
  const batchNorm = (name: string, step: number) =>
    rows.find((row) => row.table === "batchNorm" && row.step === step && row.series === seriesOf(name))?.row;

  test.each([
    ["timeNorm", 3],
    ["cellNorm", 3],
    ["blockFirst", 1],
    ["blockLate", 1],
  ] as const)("%s: %i calls a pass, each a series of its own", (name, calls) => {
    const ofLayer = seen.filter(({ of }) => of === name);
    expect(ofLayer).toHaveLength(calls * steps);
    const channels = ofLayer[0]?.mean.length ?? 0;
    let runningMean = new Array<number>(channels).fill(0);
    let runningVariance = new Array<number>(channels).fill(1);
    for (let step = 1; step <= steps; step++) {
      const ofStep = ofLayer.slice((step - 1) * calls, step * calls);
      for (const { mean, variance } of ofStep) {
        const momentum = momentums[name];
        runningMean = runningMean.map((old, c) => momentum * old + (1 - momentum) * (mean[c] as number));
        runningVariance = runningVariance.map((old, c) => momentum * old + (1 - momentum) * (variance[c] as number));
      }
      for (const [call, { mean, variance }] of ofStep.entries()) {
        const row = batchNorm(call === 0 ? name : `${name}#${call + 1}`, step);
        expectListClose(row?.batchMean, mean, tolerance);
        expectListClose(row?.batchVariance, variance, tolerance);
        expectListClose(row?.runningMean, runningMean, tolerance);
        expectListClose(row?.runningVariance, runningVariance, tolerance);
        // Each call moves the running statistics.
        expect(row?.warmup).toBeCloseTo(momentums[name] ** (calls * step), 12);
        expect(row?.gamma).toHaveLength(channels);
      }
    }
  });

  test("inner layers stand below the layer that calls them, and own their weights", () => {
    const paths = run.layers.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "wrapping/time/timeNorm",
        "wrapping/timeModel/small/smallNorm",
        "wrapping/recurrent/cell/cellNorm",
        "wrapping/both/forward_gru",
        "wrapping/block/blockFirst",
        "wrapping/block/blockLate",
      ]),
    );
    expect(paths.filter((path) => path.includes("small_model") || path.endsWith("/gru"))).toEqual([]);
    const owners = Object.fromEntries(run.weights.map(({ name, layer }) => [name, run.layers[layer ?? -1]?.name]));
    expect(owners).toMatchObject({
      "time/gamma": "timeNorm",
      "smallDense/kernel": "smallDense",
      "both/forward_gru/kernel": "forward_gru",
    });
    expect(run.layerSteps.every((count) => count === steps)).toBe(true);
  });

  test("inner layers have output statistics as often as the others", () => {
    const captured = (name: string): number =>
      rows.filter((row) => row.table === "activations" && row.series === seriesOf(name)).length;
    const often = captured("block");
    expect(often).toBe(budget === "every" ? steps : 1);
    for (const name of ["timeNorm", "smallDense", "cell#3", "forward_gru", "backward_gru", "blockLate"]) {
      expect(captured(name)).toBe(often);
    }
  });
});

test("a wrapper over very many time steps: a limited number of series, and the run says so", () => {
  const { run } = runScript("longSeries.cjs", { budget: "every" }).runs[0] as RecordedRun;
  expect(run.layers.filter(({ className }) => className === "BatchNormalization")).toHaveLength(64);
  expect(run.notes.join()).toContain("norm is called more than 64 times in a pass; its first 64 calls are recorded.");
});
