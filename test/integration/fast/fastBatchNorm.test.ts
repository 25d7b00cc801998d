import { describe, expect, test } from "vitest";
import { resultOf } from "../backend/runScript.js";
import { engines } from "../engine/runOnEngine.js";
import { bothWays, runFast } from "./bothWays.js";

/** Differences of two results of one shape, as paths. Numbers are equal within `tolerance` of the largest in their list. */
function differences(got: unknown, wanted: unknown, tolerance: number, path = ""): string[] {
  if (isNumbers(got) && isNumbers(wanted)) {
    const largest = Math.max(...wanted.map(Math.abs), 1e-3);
    const worst = Math.max(...wanted.map((value, at) => Math.abs((got[at] as number) - value)));
    return got.length === wanted.length && worst <= tolerance * largest
      ? []
      : [`${path}: got ${got}, wanted ${wanted}`];
  }
  if (typeof got === "object" && typeof wanted === "object" && got !== null && wanted !== null) {
    const keys = [...new Set([...Object.keys(got), ...Object.keys(wanted)])];
    const at = (value: object, key: string): unknown => (value as Record<string, unknown>)[key];
    return keys.flatMap((key) => differences(at(got, key), at(wanted, key), tolerance, `${path}.${key}`));
  }
  return Object.is(got, wanted) ? [] : [`${path}: got ${got}, wanted ${wanted}`];
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

describe.each(engines)("fast BatchNorm, %s", (engine) => {
  test("gradients of x, γ and β are within 2e-6 of the largest element in float64", () => {
    const ran = runFast("fast/gradients.cjs", engine, true);
    const { errors } = resultOf(ran) as unknown as { errors: Record<string, Record<string, number>> };
    const what = engine === "embedded" ? "and convolution are" : "is";
    expect(ran.runs[0]?.run.notes).toEqual([`Fast BatchNorm ${what} on: rounding differs in the last bits.`]);
    expect(Object.keys(errors)).toHaveLength(14);
    const bad = Object.entries(errors).flatMap(([name, each]) =>
      Object.entries(each).flatMap(([what, error]) => (error <= 2e-6 ? [] : [`${name}: ${what} is off by ${error}`])),
    );
    expect(bad).toEqual([]);
  });

  test("means what tfjs means", () => {
    const { normal, fast, stderr } = bothWays("fast/meaning.cjs", engine);
    expect(differences(fast, normal, 1e-5)).toEqual([]);
    expect(stderr).not.toContain("switched itself off");
    // No tensor more from one step to the next.
    for (const [name, { growth }] of Object.entries(fast as unknown as Record<string, { growth?: number }>)) {
      expect(growth ?? 0, name).toBe(0);
    }
  });

  test("NaN and Inf go where they go without it", () => {
    const { normal, fast } = bothWays("fast/notFinite.cjs", engine);
    expect(Object.keys(fast)).toHaveLength(12);
    expect(differences(fast, normal, 0)).toEqual([]);
  });

  test("falls back layer by layer, and says so", () => {
    const { normal, fast, notes } = bothWays("fast/fallbacks.cjs", engine);
    expect(differences(fast, normal, 1e-5)).toEqual([]);
    for (const layer of [
      "otherAxis (axis is not the last)",
      "noScale (scale or center is off)",
      "twice (second order)",
    ]) {
      expect(notes.at(-1)).toContain(layer);
    }
    expect(notes.at(-1)).not.toContain("served");
    expect(fast.noScale).toMatch(/^throws /);
    expect(fast.secondOrder).toHaveLength(3);
  });

  test("without BatchNorm and convolutions that are served not a bit is different", () => {
    const { normal, fast, stderr } = bothWays("fast/exact.cjs", engine);
    expect(fast).toEqual(normal);
    expect(stderr).not.toContain("switched itself off");
  });

  test("convolutions round differently in training on the embedded engine only, and nowhere in inference", () => {
    const { normal, fast } = bothWays("fast/convolution.cjs", engine);
    expect(fast.before).toEqual(normal.before);
    expect(fast.after).toEqual(normal.before);
    expect(differences(fast.gradients, normal.gradients, 1e-5)).toEqual([]);
    if (engine === "embedded") expect(fast.gradients).not.toEqual(normal.gradients);
    else expect(fast.gradients).toEqual(normal.gradients);
  });

  test("every part takes kernels out of a step", () => {
    const { normal, fast } = bothWays("fast/kernels.cjs", engine);
    const before = normal.counts as Record<string, number>;
    expect(before).toMatchObject({ Step: 1, FusedBatchNorm: 1, Conv2DBackpropInput: 2 });
    expect(before.Sqrt).toBeGreaterThan(5);
    expect(fast.counts).toEqual({ ...before, Step: 0, Sqrt: 0, FusedBatchNorm: 0, Conv2DBackpropInput: 1 });
  });

  test.each(["fitCnn", "customLoop", "gan", "dataset", "accumulate"])(
    "%s trains alike and leaves as many tensors",
    (name) => {
      const { normal, fast } = bothWays(`models/${name}.cjs`, engine);
      // Every fourth number of `accumulate` is a prediction, where biases before a BatchNorm show: their gradients are
      // nothing but rounding, of which Adam makes whole steps.
      const losses = (result: typeof fast) =>
        (result.losses as number[]).filter((_, index) => name !== "accumulate" || index % 4 !== 3);
      expect(differences(losses(fast), losses(normal), 2e-3)).toEqual([]);
      expect(fast.tensors).toBe(normal.tensors);
    },
  );

  test("the statistics that the kernel hands over are the layer's", () => {
    const [normal, fast] = [false, true].map((isFast) => {
      const [recorded] = runFast("models/fitCnn.cjs", engine, isFast).runs;
      return recorded?.rows.filter(({ table, step }) => table === "batchNorm" && step === 1).map(({ row }) => row);
    });
    expect(fast).toHaveLength(1);
    const pick = (rows: typeof fast) =>
      rows?.map(({ batchMean, batchVariance, runningMean, runningVariance, valuesPerChannel }) => ({
        batchMean: Array.from(batchMean ?? []),
        batchVariance: Array.from(batchVariance ?? []),
        runningMean: Array.from(runningMean ?? []),
        runningVariance: Array.from(runningVariance ?? []),
        valuesPerChannel: [valuesPerChannel],
      }));
    expect(differences(pick(fast), pick(normal), 1e-6)).toEqual([]);
    expect(fast?.[0]?.batchMean).toHaveLength(6);
  });
});
