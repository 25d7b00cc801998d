import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { buildKernels } from "../../../src/kernels/build.mjs";
import { DerivedRows } from "../../../src/stats/derivedRows.js";
import { completed } from "./completed.js";

await buildKernels();
const { createKernels } = await import("../../../src/kernels/kernels.js");

interface Step {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly movingMean: readonly number[];
  readonly movingVariance: readonly number[];
}

interface Case {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly scale: boolean;
  readonly center: boolean;
  readonly gamma: readonly number[] | null;
  readonly beta: readonly number[] | null;
  readonly steps: readonly Step[];
  readonly inference: readonly number[];
}

const fixture = JSON.parse(readFileSync("test/fixtures/keras/batchNorm.json", "utf8")) as {
  madeBy: string;
  cases: Case[];
};
const cases = fixture.cases.map((entry) => {
  const { shape, axis, momentum, epsilon, scale, center } = entry;
  return [`[${shape}] axis ${axis} ρ ${momentum} ε ${epsilon} scale ${scale} center ${center}`, entry] as const;
});

/** Both sides compute in float32: relative to the largest value of the list. */
function near(got: ArrayLike<number>, want: readonly number[], tolerance: number): void {
  expect(got.length).toBe(want.length);
  const scale = Math.max(1e-3, ...want.map(Math.abs));
  const worst = Math.max(...want.map((value, index) => Math.abs((got[index] as number) - value)));
  expect(worst / scale).toBeLessThanOrEqual(tolerance);
}

/** A large mean costs float32 digits of everything that is computed from differences to it. */
function toleranceOf({ steps }: Case): number {
  const values = steps.flatMap(({ input }) => [...input]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return 2e-6 * Math.max(5, (5 * Math.abs(mean)) / deviation);
}

describe.each(cases)(`${fixture.madeBy}: %s`, (_, entry) => {
  const { shape, momentum, epsilon, gamma, beta, steps, inference } = entry;
  const axis = entry.axis < 0 ? shape.length + entry.axis : entry.axis;
  const channels = shape[axis] as number;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const tolerance = toleranceOf(entry);

  it("our batch statistics give Keras' outputs and moving averages", () => {
    const kernel = createKernels().statistics;
    let movingMean = new Array<number>(channels).fill(0);
    let movingVariance = new Array<number>(channels).fill(1);
    for (const step of steps) {
      const input = Float32Array.from(step.input);
      const { channelMean, channelVariance } = kernel.measure(input, { channels, inner });
      const mean = channelMean as Float64Array;
      const variance = channelVariance as Float64Array;
      movingMean = movingMean.map((value, c) => momentum * value + (1 - momentum) * (mean[c] as number));
      movingVariance = movingVariance.map((value, c) => momentum * value + (1 - momentum) * (variance[c] as number));
      near(movingMean, step.movingMean, tolerance);
      near(movingVariance, step.movingVariance, tolerance);
      const output = input.map((value, index) => {
        const c = Math.floor(index / inner) % channels;
        const normalised = (value - (mean[c] as number)) / Math.sqrt((variance[c] as number) + epsilon);
        return normalised * (gamma?.[c] ?? 1) + (beta?.[c] ?? 0);
      });
      near(output, step.output, tolerance);
    }
  });

  it("our gap takes Keras' moving averages before the step as its origin", () => {
    const rows = new DerivedRows(() => ({ momentum, epsilon }));
    const kernel = createKernels().statistics;
    let before = { mean: new Array<number>(channels).fill(0), variance: new Array<number>(channels).fill(1) };
    const initial = { passes: 0, runningMean: before.mean, runningVariance: before.variance };
    completed(rows, "batchNorm", 0, 0, initial);
    steps.forEach((step, index) => {
      const { channelMean, channelVariance } = kernel.measure(Float32Array.from(step.input), { channels, inner });
      const row = completed(rows, "batchNorm", index + 1, 0, {
        passes: 1,
        valuesPerChannel: step.input.length / channels,
        batchMean: channelMean as Float64Array,
        batchVariance: channelVariance as Float64Array,
        runningMean: step.movingMean,
        runningVariance: step.movingVariance,
      });
      const wanted = before.mean.map(
        (mean, c) => ((channelMean?.[c] as number) - mean) / Math.sqrt((before.variance[c] as number) + epsilon),
      );
      near(row.gap as ArrayLike<number>, wanted, 1e-6);
      expect(row.warmup).toBeCloseTo(momentum ** (index + 1), 12);
      before = { mean: [...step.movingMean], variance: [...step.movingVariance] };
    });
  });

  it.runIf(axis < shape.length - 1)(
    "is not what the JS backend of tfjs infers, which the rule bn-axis is about",
    async () => {
      await tf.setBackend("cpu");
      const made = tf.layers.batchNormalization({ axis, epsilon });
      made.build([...shape]);
      const last = steps.at(-1) as Step;
      made.setWeights(
        [gamma, beta, last.movingMean, last.movingVariance].map((values) => tf.tensor1d([...(values ?? [])])),
      );
      const output = (made.apply(tf.tensor([...last.input], [...shape])) as tf.Tensor).dataSync();
      const worst = Math.max(...inference.map((value, index) => Math.abs((output[index] as number) - value)));
      expect(worst).toBeGreaterThan(0.1);
    },
  );

  // TensorFlow.js normalises the last axis only, and trains only with gamma and beta (see the rules bn-axis, bn-scale-center).
  describe.runIf(axis === shape.length - 1)("tfjs", () => {
    beforeAll(() => tf.setBackend("cpu"));

    function layer(): tf.layers.Layer {
      const { scale, center } = entry;
      const made = tf.layers.batchNormalization({ axis: -1, momentum, epsilon, scale, center });
      made.build([null, ...shape.slice(1)]);
      return made;
    }

    function setWeights(
      made: tf.layers.Layer,
      { movingMean, movingVariance }: Pick<Step, "movingMean" | "movingVariance">,
    ) {
      made.setWeights([
        ...(gamma === null ? [] : [tf.tensor1d([...gamma])]),
        ...(beta === null ? [] : [tf.tensor1d([...beta])]),
        tf.tensor1d([...movingMean]),
        tf.tensor1d([...movingVariance]),
      ]);
    }

    it("infers like Keras", () => {
      const made = layer();
      const last = steps.at(-1) as Step;
      setWeights(made, last);
      const output = made.apply(tf.tensor([...last.input], [...shape])) as tf.Tensor;
      near(output.dataSync(), inference, tolerance);
    });

    it.runIf(gamma !== null && beta !== null)("trains like Keras", () => {
      const made = layer();
      setWeights(made, {
        movingMean: new Array<number>(channels).fill(0),
        movingVariance: new Array<number>(channels).fill(1),
      });
      for (const step of steps) {
        const output = made.apply(tf.tensor([...step.input], [...shape]), { training: true }) as tf.Tensor;
        near(output.dataSync(), step.output, tolerance);
        const [, , mean, variance] = made.getWeights();
        near((mean as tf.Tensor).dataSync(), step.movingMean, tolerance);
        near((variance as tf.Tensor).dataSync(), step.movingVariance, tolerance);
      }
    });
  });
});
