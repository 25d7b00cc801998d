import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { cliJson, runCli, workspace } from "../cli/cliProcess.js";
import { expectClose } from "./closeTo.js";
import { type RecordedRun, runScript } from "./runScript.js";

interface Shown {
  readonly status: string;
  readonly steps: number;
  readonly loss: number;
  readonly layers: readonly {
    readonly name: string;
    readonly path: string;
    readonly steps: number;
    readonly last: Readonly<Record<string, number | readonly number[] | null>>;
  }[];
}
interface Point {
  readonly step: number;
  readonly value: number | string;
}
interface Seen {
  readonly of: string;
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** Trains a fixture as a user does, and asks as a user does. */
async function trained(script: string, budget = "every") {
  const folder = workspace();
  const runs = ["--runs", folder];
  const file = resolve("test/fixtures/models", script);
  const end = await runCli(["train", file, "--engine", "embedded", "--budget", budget, ...runs], { cwd: folder });
  expect(end.stderr).not.toContain("switched itself off");
  expect(end.code).toBe(0);
  return {
    result: JSON.parse(end.stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>,
    shown: await cliJson<Shown>(["show", "latest", ...runs], folder),
    series: (layer: string, statistic: string) =>
      cliJson<Point[]>(["series", "latest", "--layer", layer, "--stat", statistic, ...runs], folder),
  };
}

describe("layers with several inputs and outputs, of any type", async () => {
  const { result, shown, series } = await trained("severalInputs.cjs");
  const seen = result.seen as readonly Seen[];
  const last = (name: string) => shown.layers.find((layer) => layer.name === name)?.last ?? {};

  test.each(["butterfly/input.0", "butterfly/input.1", "butterfly", "butterfly/output.1", "choose/input.1"])(
    "%s: against a float64 loop in the script, at every step",
    async (name) => {
      const statistics = ["count", "mean", "variance", "min", "max"] as const;
      for (const statistic of statistics) {
        const points = await series(name, statistic);
        expect(points.map(({ step }) => step)).toEqual([1, 2, 3]);
        // TensorFlow.js calls a layer with two outputs twice.
        const calls = seen.filter(({ of }) => of === name);
        const first = calls.filter((_, at) => at % (calls.length / 3) === 0);
        for (const [at, { value }] of points.entries()) {
          expectClose(value, first[at]?.[statistic] as number, `${name} ${statistic}`, 1e-9);
        }
      }
    },
  );

  test("an input that is another layer's output has that layer's numbers", () => {
    for (const [input, output] of [
      ["added/input.0", "left"],
      ["added/input.1", "right"],
      ["joined/input.2", "added"],
      ["all/input.3", "lstm"],
      ["all/input.4", "lstm/output.1"],
    ] as const) {
      for (const name of ["mean", "variance", "p15", "p50", "p85", "zeroFraction", "histogram", "channelMean"]) {
        expect(last(input)[name], `${input} ${name}`).not.toBeNull();
        expect(last(input)[name], `${input} ${name}`).toEqual(last(output)[name]);
      }
    }
  });

  test("a partial batch has its own size, and words have no numbers", async () => {
    expect((await series("added/input.0", "count")).map(({ value }) => value)).toEqual([48, 30, 6]);
    expect(last("choose/input.2").mean).toBeNull();
    expect(shown.layers.every(({ steps }) => steps === 3)).toBe(true);
  });
});

test("layers that throw, give nothing, dispose of their input or of their output: the others are recorded", async () => {
  const { result, shown, series } = await trained("hardLayers.cjs");
  expect(result.outcomes).toContain("RangeError: third call");
  expect(new Set(result.kept as number[]).size).toBe(1);
  expect(shown).toMatchObject({ status: "completed", steps: 4 });
  for (const name of ["silent", "empty"]) {
    const points = await series(name, "inputMean");
    expect(points.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(points[0]?.value).toEqual((await series("throwing", "mean"))[0]?.value);
  }
  expect(await series("disposing", "mean")).toHaveLength(4);
  expect(await series("norm", "batchMean")).toHaveLength(4);
});

test("a model that is built anew in each round: each has its own series, validation and predictions are in none", async () => {
  const { shown, series } = await trained("rebuilt.cjs", "scalars");
  expect(shown.steps).toBe(24);
  expect(shown.layers.map(({ steps }) => steps)).toEqual(new Array(12).fill(6));
  const [first, , , second] = shown.layers.map(({ path }) => path.replace("hidden", "norm"));
  expect((await series(first as string, "batchMean")).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await series(second as string, "batchMean")).map(({ step }) => step)).toEqual([7, 8, 9, 10, 11, 12]);
  // 20 examples in batches of 8: the last one of an epoch has 4.
  expect((await series(first as string, "valuesPerChannel")).map(({ value }) => value)).toEqual([8, 8, 4, 8, 8, 4]);
});

test("plain operations without any layer: loss, gradients, weights and updates", async () => {
  const { result, shown, series } = await trained("plainOps.cjs");
  const losses = result.losses as readonly number[];
  expect(shown.layers).toEqual([]);
  expect(shown.steps).toBe(8);
  for (const [at, { value }] of (await series("", "loss")).entries()) {
    expectClose(value, losses[at] as number, "loss", 1e-12);
  }
  // y = slope·x + offset by hand: SGD with momentum 0.9, rate 0.1, in float64.
  const x = Float64Array.from(lcg(30));
  let [slope, offset, slopeVelocity, offsetVelocity] = [0.1, 0, 0, 0];
  const gradients = await series("slope", "gradientNorm");
  const ratios = await series("slope", "updateRatio");
  for (let step = 0; step < 8; step++) {
    const errors = x.map((value) => slope * value + offset - (2 * value + 0.5));
    const slopeGradient = mean(errors.map((error, at) => 2 * error * (x[at] as number)));
    const offsetGradient = mean(errors.map((error) => 2 * error));
    slopeVelocity = 0.9 * slopeVelocity + slopeGradient;
    offsetVelocity = 0.9 * offsetVelocity + offsetGradient;
    expectClose(gradients[step]?.value, Math.abs(slopeGradient), "gradientNorm", 1e-4);
    expectClose(ratios[step]?.value, Math.abs((0.1 * slopeVelocity) / slope), "updateRatio", 1e-4);
    slope -= 0.1 * slopeVelocity;
    offset -= 0.1 * offsetVelocity;
  }
});

test("two models and two optimizers with predictions in between: each step belongs to its own", async () => {
  const { shown, series } = await trained("gan.cjs");
  expect((await series("gnorm", "batchMean")).map(({ step }) => step)).toEqual([2, 4, 6, 8, 10]);
  expect((await series("d1", "mean")).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect((await series("d1#2", "mean")).map(({ step }) => step)).toEqual([1, 3, 5, 7, 9]);
  expect((await series("", "optimizer")).map(({ value }) => value)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
  expect(shown.layers.find(({ name }) => name === "gnorm")?.steps).toBe(5);
});

test("what feeds a layer, through models in models", () => {
  const script = join(workspace(), "nested.cjs");
  writeFileSync(
    script,
    `const tf = require(${JSON.stringify(resolve("node_modules/@tensorflow/tfjs-node"))});
     const dense = (name) => tf.layers.dense({ units: 4, name });
     const small = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [4], name: "s1" }), dense("s2")] });
     const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
     const early = dense("early").apply(b);
     const two = tf.model({ inputs: [a, b], outputs: [early, dense("late").apply(small.apply(dense("inA").apply(a)))] });
     const [x, y] = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
     const [first, second] = two.apply([dense("forA").apply(x), dense("forB").apply(y)]);
     const out = tf.layers.add({ name: "sum" }).apply([dense("onEarly").apply(first), dense("onLate").apply(second)]);
     const model = tf.model({ inputs: [x, y], outputs: out });
     model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
     const ones = tf.ones([4, 4]);
     model.fit([ones, ones], ones, { epochs: 1, verbose: 0 }).then(() => console.log("{}"));`,
  );
  const { run } = runScript(script, { budget: "0" }).runs[0] as RecordedRun;
  // TensorFlow.js runs a model in a model once for each output that is asked for.
  const layers = run.layers.filter(({ call, className }) => call === 1 && className !== "Input");
  const feeds = layers.map(({ name, inbound }) => [name, inbound.map((index) => run.layers[index]?.name)]);
  expect(Object.fromEntries(feeds)).toEqual({
    forA: [],
    forB: [],
    early: ["forB"],
    inA: ["forA"],
    s1: ["inA"],
    s2: ["s1"],
    late: ["s2"],
    onEarly: ["early"],
    onLate: ["late"],
    sum: ["onEarly", "onLate"],
  });
});

test("a Sequential of an own loop, which is built by its first call: its last layer is its output", () => {
  const { run } = runScript("gan.cjs", { budget: "0" }).runs[0] as RecordedRun;
  expect(run.layers.filter(({ isOutput }) => isOutput).map(({ name }) => name)).toEqual(["g2", "d2", "d2#2"]);
});

test("1500 layers: all of them, and our own work stays a small part of the steps", () => {
  const script = join(workspace(), "many.cjs");
  writeFileSync(
    script,
    `const tf = require(${JSON.stringify(resolve("node_modules/@tensorflow/tfjs-node"))});
     const layers = Array.from({ length: 1500 }, (_, i) => i % 2 ? tf.layers.batchNormalization() : tf.layers.dense({ units: 4 }));
     const x = tf.ones([4, 4]);
     const forward = () => layers.reduce((y, layer) => layer.apply(y, { training: true }), x);
     tf.dispose(forward());
     const optimizer = tf.train.sgd(1e-3);
     for (let step = 0; step < 4; step++) optimizer.minimize(() => tf.losses.meanSquaredError(x, forward()));
     console.log("{}");`,
  );
  const { exitCode, stderr, runs } = runScript(script, { budget: "5" });
  expect(stderr).not.toContain("switched itself off");
  expect(exitCode).toBe(0);
  const { run, rows } = runs[0] as RecordedRun;
  expect(run.layers).toHaveLength(1500);
  expect(run.layerSteps).toEqual(new Array(1500).fill(4));
  expect(rows.filter(({ table, row }) => table === "batchNorm" && row.batchMean !== undefined)).toHaveLength(4 * 750);
  // The last steps are not captured: BatchNorm's own numbers and the watch for NaN are all.
  const steps = rows.filter(({ table }) => table === "steps").slice(2);
  const share = mean(steps.map(({ row }) => (row.overheadMs ?? 1) / (row.stepMs ?? 1)));
  expect(share).toBeLessThan(0.25);
});

test("percentiles of a tensor that is nearly all NaN are those of the few values that it has", () => {
  const script = join(workspace(), "sick.cjs");
  writeFileSync(
    script,
    `const tf = require(${JSON.stringify(resolve("node_modules/@tensorflow/tfjs-node"))});
     const values = Float32Array.from({ length: 100000 }, (_, at) => at % 1000 === 7 ? at : NaN);
     class Sick extends tf.layers.Layer {
       call() { return tf.tensor(values); }
       static get className() { return "Sick"; }
     }
     const sick = new Sick({ name: "sick" });
     const dense = tf.layers.dense({ units: 1, inputShape: [2] });
     const x = tf.ones([2, 2]);
     dense.apply(x);
     tf.train.sgd(0.1).minimize(() => { sick.apply(x); return dense.apply(x).sum(); });`,
  );
  const { run, rows } = runScript(script).runs[0] as RecordedRun;
  const sick = run.layers.findIndex(({ name }) => name === "sick");
  const row = rows.find(({ table, series }) => table === "activations" && series === sick)?.row;
  // 100 values 7, 1007, … 99 007: percentiles lie between their neighbours.
  expect(row).toMatchObject({ nanCount: 99_900, min: 7, max: 99_007 });
  expectClose(row?.p15, 7 + 1000 * 14.85, "p15", 1e-12);
  expectClose(row?.p50, 7 + 1000 * 49.5, "p50", 1e-12);
  expectClose(row?.p85, 7 + 1000 * 84.15, "p85", 1e-12);
});

test.each(["5", "every"])("a gradient that is NaN in the last step, while the loss is finite, budget %s", (budget) => {
  const script = join(workspace(), "root.cjs");
  writeFileSync(
    script,
    `const tf = require(${JSON.stringify(resolve("node_modules/@tensorflow/tfjs-node"))});
     const [first, last] = [{ units: 8, inputShape: [4], name: "first" }, { units: 1, name: "last" }].map(tf.layers.dense);
     const model = tf.sequential({ layers: [first, last] });
     const optimizer = tf.train.sgd(0.01);
     for (let step = 1; step <= 12; step++) {
       optimizer.minimize(() => {
         const y = model.apply(tf.ones([16, 4]), { training: true });
         return step === 12 ? y.mul(0).sqrt().mean() : y.square().mean();
       });
     }`,
  );
  const { run, events } = runScript(script, { budget }).runs[0] as RecordedRun;
  const last = run.layers.findIndex(({ name }) => name === "last");
  expect(events.filter(({ type }) => type === "nonfinite")).toMatchObject([
    { step: 12, where: "gradient", layer: last, weight: run.layers[last]?.weights[0], nanCount: 8, infCount: 0 },
  ]);
});

describe("budget every: every statistic of every layer and weight at every step", () => {
  const outputs = [
    "mean",
    "variance",
    "min",
    "max",
    "p15",
    "p50",
    "p85",
    "zeroFraction",
    "nanCount",
    "infCount",
  ] as const;
  const inputs = ["inputMean", "inputVariance", "inputMin", "inputMax", "inputP15", "inputP50", "inputP85"] as const;
  const counts = ["inputCount", "inputZeroFraction", "inputNanCount", "inputInfCount"] as const;
  const distribution = ["histogram", "histogramMin", "histogramMax"] as const;
  const norms = ["gradientNorm", "gradientMeanAbs", "weightNorm"] as const;

  test.each([
    "accumulate.cjs",
    "customLoop.cjs",
    "dataset.cjs",
    "fitCnn.cjs",
    "gan.cjs",
    "inferenceTrained.cjs",
    "manyShapes.cjs",
    "rebuilt.cjs",
    "severalInputs.cjs",
    "wrapped.cjs",
  ])("%s", (script) => {
    const result = runScript(script, { budget: "every" });
    const { run, rows } = result.runs[0] as RecordedRun;
    expect(run.overhead.skippedSteps).toBe(0);
    for (const layer of run.layers.filter(({ name }) => name !== "choose/input.2")) {
      const own = rows.filter(({ table, series }) => table === "activations" && series === layer.index);
      expect(own, layer.path).toHaveLength(run.layerSteps[layer.index] as number);
      const hasInput = own.some(({ row }) => row.inputMean !== undefined);
      const isPart = ["Input", "Output"].includes(layer.className);
      expect(hasInput || isPart || hasParts(run, layer.name), `${layer.path}: input`).toBe(true);
      const wanted = [...outputs, ...distribution, ...(hasInput ? [...inputs, ...counts] : [])];
      for (const { row, step } of own) {
        for (const name of wanted) expect(row[name], `${layer.path} ${name} at step ${step}`).toBeDefined();
      }
    }
    const updated = run.weights.filter(({ trainable, layer }) => trainable && layer !== null);
    for (const weight of updated) {
      const own = rows.filter(({ table, series }) => table === "weights" && series === weight.index);
      expect(own.length, weight.name).toBeGreaterThan(0);
      for (const { row } of own) for (const name of norms) expect(row[name], `${weight.name} ${name}`).toBeDefined();
    }
    const captured = new Set(rows.filter(({ table }) => table === "weights").map(({ step }) => step));
    expect(captured.size).toBe(run.steps);
  });
});

function hasParts({ layers }: RecordedRun["run"], name: string): boolean {
  return layers.some((layer) => layer.name === `${name}/input.0`);
}

/** The values of `data([count])` of the fixtures. */
function* lcg(count: number): Generator<number> {
  let x = 1;
  for (let at = 0; at < count; at++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    yield Math.fround(x / 2147483648 - 1);
  }
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
