import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { StatisticName } from "../../../src/stats/catalogue.js";
import { cliJson, runCli, workspace } from "../cli/cliProcess.js";
import { expectClose, expectListClose } from "./closeTo.js";
import { type RecordedRun, resultOf, runScript } from "./runScript.js";

type Weights = Readonly<Record<string, readonly number[]>>;
interface Step {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly before: Weights;
  readonly after: Weights;
  readonly kept: readonly number[];
}

const names = ["gap", "precise", "shift", "landscape"] as const;
const epsilon = 1e-3;
const units = 4;
const inputs = 3;
/** TensorFlow.js computes in float32; what is small is a difference of large numbers. */
const tolerance = 1e-3;

/** The network of probed.cjs in float64. */
function forward(xs: readonly number[], ys: readonly number[], weights: Weights, usesBatch: boolean) {
  const rows = ys.length;
  const [kernel, gamma, beta, last] = ["first/kernel", "norm/gamma", "norm/beta", "last/kernel"].map((name) =>
    of(weights, name),
  );
  const z = ys.map((_, row) =>
    Array.from({ length: units }, (_, unit) => {
      let sum = 0;
      for (let input = 0; input < inputs; input++)
        sum += at(xs, row * inputs + input) * at(kernel, input * units + unit);
      return sum;
    }),
  );
  const mean = Array.from({ length: units }, (_, unit) => average(z.map((values) => at(values, unit))));
  const variance = mean.map((m, unit) => average(z.map((values) => (at(values, unit) - m) ** 2)));
  const [center, spread] = usesBatch
    ? [mean, variance]
    : [of(weights, "norm/moving_mean"), of(weights, "norm/moving_variance")];
  let loss = 0;
  for (const [row, values] of z.entries()) {
    let output = 0;
    for (const [unit, value] of values.entries()) {
      const normal = (value - at(center, unit)) / Math.sqrt(at(spread, unit) + epsilon);
      output += (normal * at(gamma, unit) + at(beta, unit)) * at(last, unit);
    }
    loss += (output - at(ys, row)) ** 2 / rows;
  }
  return { loss, mean, variance };
}

/** By central differences. */
function gradient({ xs, ys }: Step, weights: Weights, names: readonly string[]): number[] {
  const step = 1e-5;
  return names.flatMap((name) =>
    of(weights, name).map((value, index) => {
      const moved = (to: number): number => {
        const values = of(weights, name).with(index, to);
        return forward(xs, ys, { ...weights, [name]: values }, true).loss;
      };
      return (moved(value + step) - moved(value - step)) / (2 * step);
    }),
  );
}

describe("probes, against the same network in float64", () => {
  const result = runScript("probed.cjs", { budget: "5", probes: { names, everySteps: 3 } });
  const steps = resultOf(result).seen as unknown as readonly Step[];
  const { run, rows } = result.runs[0] as RecordedRun;
  const probed = rows.filter(({ table }) => table === "probes");
  const probedValue = (layer: string | null, step: number, name: StatisticName): unknown => {
    const series = layer === null ? 0 : run.layers.findIndex((one) => one.name === layer);
    return probed.find((row) => row.step === step && row.series === series)?.row[name];
  };
  const trained = ["first/kernel", "norm/gamma", "norm/beta", "last/kernel"];
  const probedSteps = [3, 6, 9, 12];

  test("they run at every third step and at no other", () => {
    expect(run.notes).toEqual([]);
    expect([...new Set(probed.map(({ step }) => step))]).toEqual(probedSteps);
  });

  test.each(probedSteps)("step %i: train/inference gap", (step) => {
    const { xs, ys, before } = steps[step - 1] as Step;
    const byBatch = forward(xs, ys, before, true).loss;
    const byRunning = forward(xs, ys, before, false).loss;
    expectClose(probedValue(null, step, "lossByBatch"), byBatch, "lossByBatch", 1e-5);
    expectClose(probedValue(null, step, "lossByRunning"), byRunning, "lossByRunning", 1e-5);
    expectClose(probedValue(null, step, "lossGapRatio"), byRunning / byBatch, "lossGapRatio", 1e-5);
  });

  test.each(probedSteps)("step %i: how far preceding layers move a layer's gradient", (step) => {
    const now = steps[step - 1] as Step;
    const { before, after } = now;
    const preceding = { norm: ["first/kernel"], last: ["first/kernel", "norm/gamma", "norm/beta"] };
    for (const [layer, own] of [
      ["norm", ["norm/gamma", "norm/beta"]],
      ["last", ["last/kernel"]],
    ] as const) {
      const moved = { ...before, ...Object.fromEntries(preceding[layer].map((name) => [name, of(after, name)])) };
      const g = gradient(now, before, own);
      const shifted = gradient(now, moved, own);
      const difference = g.map((value, index) => value - at(shifted, index));
      expectClose(probedValue(layer, step, "gradientShift"), norm(difference), `${layer} gradientShift`, tolerance);
      const cosine = g.reduce((sum, value, index) => sum + value * at(shifted, index), 0) / (norm(g) * norm(shifted));
      expectClose(probedValue(layer, step, "gradientShiftCosine"), cosine, `${layer} gradientShiftCosine`, tolerance);
    }
    expect(probedValue("first", step, "gradientShift")).toBeUndefined();
  });

  test.each(probedSteps)("step %i: loss and gradient along the gradient", (step) => {
    const now = steps[step - 1] as Step;
    const start = gradient(now, now.before, trained);
    const along = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4].map((factor) => {
      const s = factor * 0.05;
      let index = 0;
      const moved: Weights = {
        ...now.before,
        ...Object.fromEntries(
          trained.map((name) => [name, of(now.before, name).map((value) => value - s * at(start, index++))]),
        ),
      };
      const distance = norm(gradient(now, moved, trained).map((value, place) => value - at(start, place)));
      return { loss: forward(now.xs, now.ys, moved, true).loss, distance, ratio: distance / (s * norm(start)) };
    });
    const wanted = {
      landscapeMin: Math.min(...along.map(({ loss }) => loss)),
      landscapeMax: Math.max(...along.map(({ loss }) => loss)),
      predictivenessMin: Math.min(...along.map(({ distance }) => distance)),
      predictivenessMax: Math.max(...along.map(({ distance }) => distance)),
      effectiveSmoothness: Math.max(...along.map(({ ratio }) => ratio)),
    };
    for (const [name, value] of Object.entries(wanted)) {
      expectClose(probedValue(null, step, name as StatisticName), value, name, tolerance);
    }
  });

  test.each(probedSteps)("step %i: precise statistics over the batches so far", (step) => {
    const { after } = steps[step - 1] as Step;
    const batches = steps.slice(0, step).map(({ xs, ys }) => forward(xs, ys, after, true));
    const mean = of(after, "norm/moving_mean").map((_, unit) => average(batches.map((batch) => at(batch.mean, unit))));
    const variance = mean.map((_, unit) => (10 / 9) * average(batches.map((batch) => at(batch.variance, unit))));
    expect(probedValue("norm", step, "preciseBatches")).toBe(step);
    expectListClose(probedValue("norm", step, "preciseMean") as number[], mean, 1e-5);
    expectListClose(probedValue("norm", step, "preciseVariance") as number[], variance, 1e-5);
    const shift = average(
      mean.map((value, unit) => {
        const spread = Math.min(at(variance, unit), at(of(after, "norm/moving_variance"), unit));
        return Math.abs(value - at(of(after, "norm/moving_mean"), unit)) / Math.sqrt(spread + epsilon);
      }),
    );
    const ratio = average(
      variance.map((value, unit) =>
        Math.abs(Math.log((value + epsilon) / (at(of(after, "norm/moving_variance"), unit) + epsilon))),
      ),
    );
    expectClose(probedValue("norm", step, "preciseMeanShift"), shift, "preciseMeanShift", 1e-4);
    expectClose(probedValue("norm", step, "preciseLogVarianceRatio"), ratio, "preciseLogVarianceRatio", 1e-4);
  });

  test("no tensor is left behind by any step", () => {
    expect(steps.map(({ kept }) => kept)).toEqual(steps.map(() => [0, 0, 0]));
  });
});

describe("zero observer effect, with all probes at every second step", () => {
  test.each([
    "accumulate.cjs",
    "customLoop.cjs",
    "dataset.cjs",
    "fitCnn.cjs",
    "fitMetrics.cjs",
    "freezes.cjs",
    "gan.cjs",
    "inferenceTrained.cjs",
    "longSeries.cjs",
    "manyShapes.cjs",
    "plainOps.cjs",
    "rebuilt.cjs",
  ])("%s", (script) => {
    const bare = resultOf(runScript(script, { engineOnly: true }));
    for (const fast of [false, true]) {
      const reference = fast ? resultOf(runScript(script, { fast })) : bare;
      const observed = runScript(script, { budget: "5", fast, probes: { names, everySteps: 2 } });
      expect(observed.stderr).not.toContain("switched itself off");
      expect(resultOf(observed)).toEqual(reference);
      const { run, rows } = observed.runs[0] as RecordedRun;
      expect(run.notes.filter((note) => note.includes("probes"))).toEqual([]);
      expect(run.steps).toBe(bare.steps);
      expect(rows.some(({ table, row }) => table === "probes" && row.landscapeMax !== undefined)).toBe(true);
    }
  });

  test("dropout draws from the script's own random stream as if there were no probe", () => {
    const bare = resultOf(runScript("probed.cjs", { engineOnly: true }, { arguments: ["dropout"] }));
    const observed = runScript("probed.cjs", { probes: { names, everySteps: 1 } }, { arguments: ["dropout"] });
    expect(resultOf(observed)).toEqual(bare);
  });
});

test("a loss function that throws when it is computed again: one note, probes off, training untouched", () => {
  const script = "probedOnce.cjs";
  const bare = resultOf(runScript(script, { engineOnly: true }));
  const observed = runScript(script, { probes: { names, everySteps: 2 } });
  expect(resultOf(observed)).toEqual(bare);
  const { run } = observed.runs[0] as RecordedRun;
  expect(run.steps).toBe(6);
  expect(run.notes).toEqual(["The probes are off from here on: only once a step. The training is not affected."]);
});

function of(weights: Weights, name: string): readonly number[] {
  const values = weights[name];
  if (values === undefined) throw new Error(`no weight ${name}, there are ${Object.keys(weights).join(", ")}`);
  return values;
}

function at(values: readonly number[] | undefined, index: number): number {
  return values?.[index] as number;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function norm(values: readonly number[]): number {
  return Math.hypot(...values);
}

describe("layerscope train --probe", () => {
  const script = (momentum: number, steps: number): string =>
    `const tf = require(${JSON.stringify(resolve("node_modules/@tensorflow/tfjs-node"))});
     let state = 1;
     Math.random = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
     const model = tf.sequential({ layers: [
       tf.layers.dense({ inputShape: [4], units: 8 }),
       tf.layers.batchNormalization({ momentum: ${momentum} }),
       tf.layers.dense({ units: 1 }),
     ] });
     const optimizer = tf.train.adam(0.01);
     for (let step = 0; step < ${steps}; step++) {
       const x = tf.randomNormal([32, 4]).mul(3).add(2);
       const noise = tf.randomNormal([32, 1]);
       optimizer.minimize(() => tf.losses.meanSquaredError(x.sum(1, true).mul(0.3).add(noise), model.apply(x, { training: true })));
     }`;

  test.each([
    ["running statistics that have not caught up", 0.999, 1],
    ["running statistics that have", 0.9, 0],
  ] as const)("%s", async (_, momentum, wanted) => {
    const folder = workspace({ "train.js": script(momentum, 120) });
    const args = ["train", "train.js", "--engine", "embedded", "--runs", folder, "--probe", "gap,precise"];
    const end = await runCli([...args, "--probe-every", "20"], { cwd: folder });
    expect(end.code, end.stderr).toBe(0);
    const shown = await cliJson<{
      probes: Record<string, number> | null;
      layers: readonly { className: string; last: Record<string, unknown> }[];
      findings: readonly { id: string; level: string }[];
    }>(["show", "latest", "--runs", folder], folder);
    expect(shown.findings.filter(({ id }) => id === "bn-train-eval-gap")).toHaveLength(wanted);
    expect((shown.probes?.lossGapRatio ?? 0) > 1.1).toBe(wanted === 1);
    const norm = shown.layers.find(({ className }) => className === "BatchNormalization");
    expect(norm?.last.preciseBatches).toBe(16);
    expect(norm?.last.gradientShift).toBeUndefined();
    const points = await cliJson<{ step: number }[]>(
      ["series", "latest", "--stat", "lossGapRatio", "--runs", folder],
      folder,
    );
    expect(points.map(({ step }) => step)).toEqual([20, 40, 60, 80, 100, 120]);
  });

  test.each([
    [["--probe", "gaps"], "Got --probe gaps, wanted all or a list of gap, precise, shift, landscape."],
    [["--probe", "gap", "--probe-every", "0"], "Got --probe-every 0, wanted a whole number of steps from 1."],
    [["--probe-every", "5"], "Got --probe-every without --probe, wanted the names of probes."],
  ])("%s", async (flags, message) => {
    const folder = workspace({ "train.js": "" });
    const { code, stderr } = await runCli(["train", "train.js", ...flags], { cwd: folder });
    expect(code).toBe(64);
    expect(stderr).toContain(message);
  });
});
