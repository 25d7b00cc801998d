import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { tapBatchStatistics } from "../../../src/backend/hooks/batchNormTap.js";
import { KernelTap } from "../../../src/backend/hooks/kernelTap.js";
import type { EngineLike } from "../../../src/backend/hooks/tensorflow.js";
import { TensorReader } from "../../../src/backend/hooks/tensorReader.js";

beforeAll(() => tf.ready());

test("takes the first two means of the call; the engine is the same object shape before, in and after it", () => {
  const engine = tf.engine() as unknown as EngineLike;
  const kernels = KernelTap.install(engine);
  const propertiesBefore = Object.keys(engine);
  const methodBefore = engine.runKernel;
  const x = tf.tensor2d([1, 10, 3, 20, 8, 60], [3, 2]);
  const taken: unknown[] = [];
  const call = (): number => {
    expect(engine.runKernel).toBe(methodBefore);
    expect(Object.keys(engine)).toEqual(propertiesBefore);
    tf.tidy(() => {
      tf.moments(x, 0);
      tf.mean(x);
    });
    return 5;
  };
  const result = tapBatchStatistics(
    kernels,
    new TensorReader(engine),
    call,
    (statistics) => taken.push(statistics),
    [],
  );
  tf.mean(x).dispose();
  x.dispose();
  expect(result).toBe(5);
  expect(engine.runKernel).toBe(methodBefore);
  expect(Object.keys(engine)).toEqual(propertiesBefore);
  // Means 4 and 30; variances (9 + 1 + 16) / 3 and (400 + 100 + 900) / 3.
  expect(taken).toEqual([
    {
      mean: Float64Array.of(4, 30),
      variance: Float64Array.of(Math.fround(26 / 3), Math.fround(1400 / 3)),
      valuesPerChannel: 3,
    },
  ]);
});

test("a call that throws leaves no listener behind", () => {
  const engine = tf.engine() as unknown as EngineLike;
  const kernels = KernelTap.install(engine);
  const seen: string[] = [];
  const failing = (): never => {
    throw new Error("in the layer");
  };
  expect(() => kernels.during((name) => seen.push(name), failing)).toThrow("in the layer");
  tf.tidy(() => tf.mean(tf.tensor1d([1, 2])));
  expect(seen).toEqual([]);
});
