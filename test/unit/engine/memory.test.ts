import type { Tensor, Tensor4D } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startEmbedded } from "./embeddedEngine.js";
import { pseudoRandom } from "./reference.js";

let tf: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  tf = await startEmbedded();
});

/** tfjs's count of tensors and buffers, and the backend's. */
function counts(): number[] {
  const { numTensors, numDataBuffers } = tf.memory();
  return [numTensors, numDataBuffers, (tf.backend() as unknown as { numDataIds(): number }).numDataIds()];
}

describe("memory", () => {
  it("is given back after every step of a training", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [8, 8, 2], filters: 5, kernelSize: 3 }),
        tf.layers.batchNormalization(),
        tf.layers.flatten(),
        tf.layers.dense({ units: 3 }),
      ],
    });
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    const [x, y] = [tf.ones([4, 8, 8, 2]), tf.ones([4, 3])];
    await model.trainOnBatch(x, y);
    const before = counts();
    for (let step = 0; step < 20; step++) await model.trainOnBatch(x, y);
    expect(counts()).toEqual(before);
  });

  it("that there is not is an error that says so, and nothing is broken", () => {
    const before = counts();
    expect(() => tf.tidy(() => tf.tile([1], [2 ** 30]))).toThrow(/needs 4294967296 bytes more/);
    expect(counts()).toEqual(before);
    expect(Array.from(tf.tidy(() => tf.ones([3]).add(1).dataSync()))).toEqual([2, 2, 2]);
  });
});

describe("gradients that nobody may want", () => {
  const x = () => tf.tensor4d(pseudoRandom(2 * 7 * 7 * 3, 1), [2, 7, 7, 3]);
  const filters = () => [
    tf.tensor4d(pseudoRandom(3 * 3 * 3 * 4, 2), [3, 3, 3, 4]),
    tf.tensor4d(pseudoRandom(3 * 3 * 4 * 5, 3), [3, 3, 4, 5]),
  ];
  const network = (input: Tensor, first: Tensor, second: Tensor) =>
    tf.conv2d(tf.conv2d(input as Tensor4D, first as Tensor4D, 1, "same"), second as Tensor4D, 2, "same");

  it("are computed one within the other when they are", () => {
    const [first, second] = filters() as [Tensor4D, Tensor4D];
    const [dx] = tf.grads(network)([x(), first, second]) as [Tensor];
    const before = dx.dataSync().slice();
    // The same by finite differences of the sum of all outputs.
    const sum = (values: Float32Array) =>
      tf.tidy(
        () =>
          network(tf.tensor4d(values, [2, 7, 7, 3]), first, second)
            .sum()
            .dataSync()[0],
      );
    const base = x().dataSync() as Float32Array;
    for (const index of [0, 17, 100, 293]) {
      const [up, down] = [base.slice(), base.slice()];
      up[index] = (up[index] as number) + 0.5;
      down[index] = (down[index] as number) - 0.5;
      expect(Math.abs((sum(up) as number) - (sum(down) as number) - (before[index] as number))).toBeLessThan(1e-4);
    }
  });

  it("leave nothing behind when they are not, and survive the disposal of what they are made from", () => {
    const before = counts();
    tf.tidy(() => {
      const [first, second] = filters() as [Tensor4D, Tensor4D];
      tf.grads(network)([x(), first, second]);
    });
    expect(counts()).toEqual(before);
    const [first] = filters() as [Tensor4D];
    const dy = tf.ones([1, 5, 5, 4]) as Tensor4D;
    const late = tf.conv2dTranspose(dy, first, [1, 7, 7, 3], 1, "valid");
    const now = tf.conv2dTranspose(dy, first, [1, 7, 7, 3], 1, "valid").dataSync();
    tf.dispose([dy, first]);
    expect(late.dataSync()).toEqual(now);
    const copy = tf.clone(late);
    late.dispose();
    expect(copy.dataSync()).toEqual(now);
  });

  it("may make the memory grow when they are", () => {
    const filter = tf.tensor4d(pseudoRandom(3 * 3 * 2048 * 8, 4), [3, 3, 2048, 8]);
    const late = tf.conv2dTranspose(tf.ones([1, 64, 64, 8]) as Tensor4D, filter, [1, 66, 66, 2048], 1, "valid");
    // A kernel that looks at the values through the memory's view.
    const corner = tf.slice(late, [0, 0, 0, 0], [1, 1, 1, 2]).dataSync();
    const wanted = [0, 1].map((channel) =>
      Array.from(filter.dataSync().subarray(channel * 8, channel * 8 + 8)).reduce((sum, value) => sum + value, 0),
    );
    expect(Math.abs((corner[0] as number) - (wanted[0] as number))).toBeLessThan(1e-5);
    expect(Math.abs((corner[1] as number) - (wanted[1] as number))).toBeLessThan(1e-5);
    tf.dispose([filter, late]);
  });
});
