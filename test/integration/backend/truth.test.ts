import { describe, expect, test } from "vitest";
import type { StatisticName } from "../../../src/stats/catalogue.js";
import { RuleEngine } from "../../../src/stats/rules/ruleEngine.js";
import { engines, runOnEngine } from "../engine/runOnEngine.js";
import { type RecordedRun, resultOf, runScript } from "./runScript.js";

interface Seen extends Readonly<Record<string, number | string | readonly number[]>> {
  readonly of: string;
  readonly channelMean: readonly number[];
  readonly channelVariance: readonly number[];
}
interface Norms {
  readonly weight: string;
  readonly step: number;
  readonly gradientNorm: number;
  readonly weightNorm: number;
  readonly updateNorm: number;
  readonly oldNorm: number;
}

/** Sums of float32 values in float64, in another order. */
const relativeTolerance = 1e-9;

test("running statistics that move between two steps: gap and shift are from where the step found them", () => {
  const result = runScript("runningMoves.cjs", { budget: "0" });
  const { expected } = resultOf(result) as unknown as {
    readonly expected: readonly {
      readonly gap: readonly number[];
      readonly meanShift: number;
      readonly warmup: number;
    }[];
  };
  const rows = (result.runs[0] as RecordedRun).rows.filter(({ table, step }) => table === "batchNorm" && step > 0);
  expect(rows.map(({ step }) => step)).toEqual(expected.map((_, at) => at + 1));
  expected.forEach(({ gap, meanShift, warmup }, at) => {
    expectListClose(rows[at]?.row.gap, gap, 1e-4);
    expectClose(rows[at]?.row.meanShift, meanShift, "meanShift", 1e-4);
    expectClose(rows[at]?.row.warmup, warmup, "warmup");
  });
});

/** Larger tensors take other ways: they are reduced by a helper, and on tfjs-node copied by TensorFlow itself. */
const sizes = engines.flatMap((engine) => [6, 32].map((side) => ({ engine, side })));

describe.each(sizes)("$engine, side $side: what is recorded is what the layers computed", ({ engine, side }) => {
  const started = { arguments: ["--side", String(side)] };
  const result = runOnEngine(engine, "models/spied.cjs", { budget: "every" }, started);
  const { seen, norms } = resultOf(result) as unknown as {
    readonly seen: readonly Seen[];
    readonly norms: readonly Norms[];
  };
  const recorded = result.runs[0] as RecordedRun;
  const layerOf = (name: string): number => recorded.run.layers.findIndex((layer) => layer.name === name);
  const recordedValue = (layer: string, step: number, statistic: StatisticName, table = "activations"): unknown =>
    recorded.rows.find((row) => row.table === table && row.step === step && row.series === layerOf(layer))?.row[
      statistic
    ];

  test.each(["conv", "norm", "relu", "hidden"])(
    "%s: scalars and channels against a float64 loop in the script",
    (layer) => {
      const ofLayer = seen.filter(({ of }) => of === layer);
      expect(ofLayer).toHaveLength(3);
      ofLayer.forEach((expected, at) => {
        for (const name of ["count", "mean", "variance", "min", "max", "p15", "p50", "p85", "zeroFraction"] as const) {
          expectClose(recordedValue(layer, at + 1, name), expected[name] as number, name);
        }
        expectListClose(recordedValue(layer, at + 1, "channelMean"), expected.channelMean);
        expectListClose(recordedValue(layer, at + 1, "channelVariance"), expected.channelVariance);
      });
    },
  );

  test("a layer's input is the output before it", () => {
    seen
      .filter(({ of }) => of === "conv")
      .forEach((expected, at) => {
        expectClose(recordedValue("norm", at + 1, "inputMean"), expected.mean as number, "inputMean");
        expectClose(recordedValue("norm", at + 1, "inputVariance"), expected.variance as number, "inputVariance");
      });
  });

  test("a layer that only reshapes has its input's numbers, and no channels of its own", () => {
    expect(recordedValue("flat", 1, "mean")).toBe(recordedValue("relu", 1, "mean"));
    expect(recordedValue("flat", 1, "count")).toBe(8 * 5 * (side - 2) ** 2);
    expect(recordedValue("flat", 1, "channelMean") ?? null).toBeNull();
    expect(recordedValue("hidden", 1, "inputChannelMean") ?? null).toBeNull();
  });

  test("batch mean and variance are those of the layer's input, running statistics follow from them", () => {
    let runningMean = [0, 0, 0, 0, 0];
    let runningVariance = [1, 1, 1, 1, 1];
    seen
      .filter(({ of }) => of === "conv")
      .forEach(({ channelMean, channelVariance }, at) => {
        // tfjs computes in float32.
        expectListClose(recordedValue("norm", at + 1, "batchMean", "batchNorm"), channelMean, 1e-5);
        expectListClose(recordedValue("norm", at + 1, "batchVariance", "batchNorm"), channelVariance, 1e-5);
        const gap = channelMean.map(
          (mean, c) => (mean - (runningMean[c] as number)) / Math.sqrt((runningVariance[c] as number) + 1e-3),
        );
        expectListClose(recordedValue("norm", at + 1, "gap", "batchNorm"), gap, 1e-4);
        runningMean = runningMean.map((mean, c) => 0.9 * mean + 0.1 * (channelMean[c] as number));
        runningVariance = runningVariance.map((variance, c) => 0.9 * variance + 0.1 * (channelVariance[c] as number));
        expectListClose(recordedValue("norm", at + 1, "runningMean", "batchNorm"), runningMean, 1e-5);
        expectListClose(recordedValue("norm", at + 1, "runningVariance", "batchNorm"), runningVariance, 1e-5);
        expect(recordedValue("norm", at + 1, "valuesPerChannel", "batchNorm")).toBe(8 * (side - 2) ** 2);
      });
  });

  test("gradient norm, weight norm and update ratio of every trainable weight", () => {
    expect(norms).toHaveLength(24);
    for (const { weight, step, gradientNorm, weightNorm, updateNorm, oldNorm } of norms) {
      const index = recorded.run.weights.findIndex(({ name }) => name === weight);
      const row = recorded.rows.find(
        (one) => one.table === "weights" && one.step === step && one.series === index,
      )?.row;
      expectClose(row?.gradientNorm, gradientNorm, `${weight} gradientNorm`);
      expectClose(row?.weightNorm, weightNorm, `${weight} weightNorm`);
      if (oldNorm > 0) expectClose(row?.updateRatio, updateNorm / oldNorm, `${weight} updateRatio`, 1e-6);
      else expect(row?.updateRatio ?? null).toBeNull();
    }
  });

  test("each layer's line is the line of the script that made it", () => {
    const lines = Object.fromEntries(recorded.run.layers.map(({ name, source }) => [name, source?.line]));
    expect(lines).toMatchObject({ conv: 65, spy1: 66, norm: 67, relu: 69, flat: 71, hidden: 72, out: 74 });
  });
});

test("the first place that is not finite is named, whether or not the step was captured", () => {
  for (const budget of ["0", "scalars"]) {
    const { runs } = runScript("becomesNan.cjs", { budget });
    const [first, ...more] = runs[0]?.events.filter(({ type }) => type === "nonfinite") ?? [];
    expect(more).toHaveLength(0);
    expect(first).toMatchObject({ type: "nonfinite", where: "weight", layer: 2, step: 7, channel: 0, nanCount: 64 });
  }
});

test("flags that the script changes between two steps are followed", () => {
  const { run, rows, events } = runScript("freezes.cjs", { budget: "5" }).runs[0] as RecordedRun;
  const configs = Object.fromEntries(run.layers.map(({ name, config }) => [name, config]));
  expect(configs).toMatchObject({ hidden: { trainable: false }, norm: { trainable: true, momentum: 0.5 } });
  const trainable = Object.fromEntries(run.weights.map((weight) => [weight.name, weight.trainable]));
  expect(trainable).toMatchObject({ "hidden/kernel": false, "norm/gamma": true, "norm/moving_mean": false });
  // What held before is told by an event at the first step in which it does not.
  expect(events.filter(({ type }) => type === "flags")).toMatchObject([
    {
      step: 11,
      layers: [
        { layer: 0, before: { trainable: true }, after: { trainable: false } },
        { layer: 1, before: { trainable: true, momentum: 0.99 }, after: { trainable: true, momentum: 0.5 } },
      ],
      weights: [
        { weight: 0, before: true, after: false },
        { weight: 1, before: true, after: false },
      ],
    },
  ]);
  const warmup = rows.flatMap(({ table, step, row }) => (table === "batchNorm" && step > 0 ? [row.warmup] : []));
  for (const [at, value] of warmup.entries()) {
    const passes = at + 1;
    const wanted = 0.99 ** Math.min(10, passes) * 0.5 ** Math.max(0, passes - 10);
    expect(value).toBeCloseTo(wanted, 12);
  }
});

test("flags that go back and forth in every step are told a few times, and nothing is wrong with them", () => {
  const { run, rows, events } = runScript("toggles.cjs", { budget: "every" }).runs[0] as RecordedRun;
  const told = events.filter(({ type }) => type === "flags");
  expect(told).toHaveLength(20);
  expect(told.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, at) => at + 2));
  const rules = new RuleEngine();
  rules.setRun(run);
  for (const event of events) rules.event(event);
  for (const { table, step, series, row } of rows) rules.row(table, step, series, row);
  const wrong = ["frozen-trains", "trainable-frozen", "bn-frozen-moves"];
  expect(rules.findings({ ended: true }).filter(({ id }) => wrong.includes(id))).toEqual([]);
});

function expectClose(got: unknown, wanted: number, name: string, tolerance = relativeTolerance): void {
  expect(typeof got, name).toBe("number");
  expect(Math.abs((got as number) - wanted), name).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(wanted), 1e-3));
}

function expectListClose(got: unknown, wanted: readonly number[], tolerance = 1e-6): void {
  const list = Array.from(got as ArrayLike<number>);
  expect(list).toHaveLength(wanted.length);
  // Lists are stored as float32.
  for (const [at, value] of wanted.entries()) expectClose(list[at], value, `[${at}]`, tolerance);
}
