import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startEmbedded } from "./embeddedEngine.js";
import { eachTap, geometry, pseudoRandom, relativeError } from "./reference.js";

/** Of the largest value. */
const tolerance = 2e-6;

let tf: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  tf = await startEmbedded();
});

function values(tensor: Tensor): ArrayLike<number> {
  const result = tensor.dataSync();
  tensor.dispose();
  return result;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}

describe("pooling", () => {
  const cases = [1, 2, 3].flatMap((stride) =>
    [1, 2, 3].flatMap((filter) =>
      (["same", "valid"] as const).flatMap((padding) =>
        [1, 4, 6].map((channels) => ({ stride, filter, padding, channels })),
      ),
    ),
  );
  it.each(cases)("stride $stride window $filter $padding, $channels channels", (entry) => {
    const { stride, filter, padding, channels } = entry;
    const sizes = { batch: 2, height: 7, width: 6, inChannels: channels, outChannels: channels, filter, stride };
    const g = geometry({ ...sizes, dilation: 1 }, padding);
    if (g === null) throw new Error("The window is larger than the image.");
    const shape: [number, number, number, number] = [g.batch, g.height, g.width, channels];
    const x = pseudoRandom(product(shape), 1);
    const outSize = g.batch * g.outHeight * g.outWidth * channels;
    const dy = pseudoRandom(outSize, 2);
    const largest = new Float64Array(outSize).fill(Number.NEGATIVE_INFINITY);
    const where = new Int32Array(outSize);
    const sum = new Float64Array(outSize);
    const count = new Float64Array(outSize);
    eachTap(g, (pixel, _tap, position) => {
      for (let channel = 0; channel < channels; channel++) {
        const at = position * channels + channel;
        const value = x[pixel * channels + channel] as number;
        if (value > (largest[at] as number)) {
          largest[at] = value;
          where[at] = pixel * channels + channel;
        }
        sum[at] = (sum[at] as number) + value;
        count[at] = (count[at] as number) + 1;
      }
    });
    const maxGradient = new Float64Array(x.length);
    const meanGradient = new Float64Array(x.length);
    for (let at = 0; at < outSize; at++) {
      maxGradient[where[at] as number] = (maxGradient[where[at] as number] as number) + (dy[at] as number);
    }
    eachTap(g, (pixel, _tap, position) => {
      for (let channel = 0; channel < channels; channel++) {
        const [to, at] = [pixel * channels + channel, position * channels + channel];
        meanGradient[to] = (meanGradient[to] as number) + (dy[at] as number) / (count[at] as number);
      }
    });
    const outShape: [number, number, number, number] = [g.batch, g.outHeight, g.outWidth, channels];
    const input = tf.tensor4d(x, shape);
    const error = tf.tensor4d(dy, outShape);
    const highest = (a: Tensor) => tf.maxPool(a as Tensor4D, filter, stride, padding);
    const mean = (a: Tensor) => tf.avgPool(a as Tensor4D, filter, stride, padding);
    expect(relativeError(values(highest(input)), largest)).toBe(0);
    expect(
      relativeError(
        values(mean(input)),
        sum.map((value, at) => value / (count[at] as number)),
      ),
    ).toBeLessThan(tolerance);
    expect(relativeError(values(tf.grad(highest)(input, error)), maxGradient)).toBeLessThan(tolerance);
    expect(relativeError(values(tf.grad(mean)(input, error)), meanGradient)).toBeLessThan(tolerance);
  });

  it("leaves NaN out, as the JavaScript kernel does", () => {
    const x = tf.tensor4d([1, Number.NaN, 3, 2], [1, 2, 2, 1]);
    expect(values(tf.maxPool(x, 2, 1, "valid"))[0]).toBe(3);
  });
});

describe("resizing", () => {
  const modes = [
    { alignCorners: false, halfPixelCenters: false },
    { alignCorners: true, halfPixelCenters: false },
    { alignCorners: false, halfPixelCenters: true },
  ];
  const sizes: readonly [number, number][] = [
    [8, 6],
    [5, 9],
    [2, 3],
  ];
  const methods = ["resizeNearestNeighbor", "resizeBilinear"] as const;
  const cases = methods.flatMap((method) =>
    modes.flatMap((mode) =>
      sizes.flatMap((size) => [1, 4, 5].map((channels) => ({ method, size, channels, ...mode }))),
    ),
  );
  it.each(cases)("$method to $size, corners $alignCorners, centres $halfPixelCenters, $channels channels", (entry) => {
    const { method, size, channels, alignCorners, halfPixelCenters } = entry;
    const shape: [number, number, number, number] = [2, 4, 3, channels];
    const resize = (x: Tensor) => tf.image[method](x as Tensor4D, size, alignCorners, halfPixelCenters);
    const dy = pseudoRandom(2 * size[0] * size[1] * channels, 3);
    // Resizing is linear, so its gradient is what it does to each unit vector, weighted by dy.
    const wanted = Float64Array.from({ length: product(shape) }, (_, index) => {
      const unit = new Float32Array(product(shape));
      unit[index] = 1;
      const column = values(resize(tf.tensor4d(unit, shape)));
      return Array.from(column).reduce((sum, value, at) => sum + value * (dy[at] as number), 0);
    });
    const got = tf.grad(resize)(
      tf.tensor4d(pseudoRandom(product(shape), 1), shape),
      tf.tensor(dy, [2, ...size, channels]),
    );
    expect(relativeError(values(got), wanted)).toBeLessThan(tolerance);
  });
});

describe("sums and means", () => {
  const shapes = [[7], [3, 5], [2, 130, 9], [4, 3, 2, 5], [2, 3, 4, 2, 3], [300, 1, 17]];
  const cases = shapes.flatMap((shape) =>
    Array.from({ length: 2 ** shape.length }, (_, bits) => ({
      shape,
      axes: shape.map((__, axis) => axis).filter((axis) => (bits >> axis) & 1),
    })),
  );
  it.each(cases)("$shape over $axes", ({ shape, axes }) => {
    const x = pseudoRandom(product(shape), 4);
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const sums = new Float64Array(product(kept));
    for (const [index, value] of x.entries()) {
      let rest = index;
      let at = 0;
      let stride = 1;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const size = shape[axis] as number;
        if (!axes.includes(axis)) at += (rest % size) * stride;
        stride *= kept[axis] as number;
        rest = Math.floor(rest / size);
      }
      sums[at] = (sums[at] as number) + value;
    }
    const length = product(shape) / product(kept);
    const input = tf.tensor(x, shape);
    const sum = tf.sum(input, axes, true);
    expect(sum.shape).toEqual(kept);
    expect(relativeError(values(sum), sums)).toBeLessThan(tolerance);
    const means = sums.map((value) => value / length);
    expect(relativeError(values(tf.mean(input, axes)), means)).toBeLessThan(tolerance);
  });

  it("does not lose what a float32 total would", () => {
    const x = new Float32Array(2 ** 20 + 5).fill(0.1);
    const wanted = Math.fround(0.1) * x.length;
    expect(Math.abs((values(tf.sum(tf.tensor1d(x)))[0] as number) / wanted - 1)).toBeLessThan(3e-7);
    const columns = values(tf.sum(tf.tensor2d(x.subarray(0, 2 ** 20), [2 ** 17, 8]), 0));
    for (const value of Array.from(columns)) {
      expect(Math.abs(value / (Math.fround(0.1) * 2 ** 17) - 1)).toBeLessThan(3e-7);
    }
  });

  it("of nothing", () => {
    expect(Array.from(values(tf.sum(tf.zeros([0, 3]), 0)))).toEqual([0, 0, 0]);
    expect(Array.from(values(tf.mean(tf.zeros([0, 2]), 0)))).toEqual([Number.NaN, Number.NaN]);
    expect(Array.from(values(tf.mean(tf.zeros([0, 2]))))).toEqual([Number.NaN]);
    expect(tf.sum(tf.zeros([0, 3]), 1).size).toBe(0);
  });
});

describe("products of matrices", () => {
  const sizes = [
    [1, 1, 1],
    [3, 5, 7],
    [4, 8, 300],
    [13, 17, 9],
    [32, 64, 800],
  ];
  const cases = sizes.flatMap(([m, n, k]) =>
    [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ m, n, k, transposeA, transposeB }))),
  );
  it.each(cases)("$m×$k by $k×$n, turned $transposeA $transposeB", (entry) => {
    const { m = 0, n = 0, k = 0, transposeA, transposeB } = entry;
    const a = pseudoRandom(2 * m * k, 1);
    const b = pseudoRandom(k * n, 2);
    const wanted = new Float64Array(2 * m * n);
    for (let batch = 0; batch < 2; batch++) {
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = 0;
          for (let depth = 0; depth < k; depth++) {
            const left = a[batch * m * k + (transposeA ? depth * m + row : row * k + depth)] as number;
            sum += left * (b[transposeB ? column * k + depth : depth * n + column] as number);
          }
          wanted[(batch * m + row) * n + column] = sum;
        }
      }
    }
    // One matrix on the right for two on the left.
    const left = tf.tensor(a, [2, ...(transposeA ? [k, m] : [m, k])]);
    const right = tf.tensor(b, [1, ...(transposeB ? [n, k] : [k, n])]);
    const got = tf.matMul(left, right, transposeA, transposeB);
    expect(got.shape).toEqual([2, m, n]);
    expect(relativeError(values(got), wanted)).toBeLessThan(tolerance);
  });
});

describe("broadcasting arithmetic", () => {
  const operations = {
    mul: (a: number, b: number) => a * b,
    add: (a: number, b: number) => a + b,
    sub: (a: number, b: number) => a - b,
    div: (a: number, b: number) => a / b,
  };
  const shapes = [
    [[5, 3, 8], [8]],
    [
      [5, 3, 7],
      [1, 1, 7],
    ],
    [[6], [4, 6]],
    [
      [3, 4],
      [2, 3, 4],
    ],
    [
      [4, 1],
      [4, 5],
    ],
    [[1], [3, 3]],
    [
      [1, 5, 1],
      [2, 1, 6],
    ],
    [[1, 6], [6]],
  ];
  const cases = Object.entries(operations).flatMap(([name, operation]) =>
    shapes.map(([left = [], right = []]) => ({ name: name as keyof typeof operations, operation, left, right })),
  );
  it.each(cases)("$name $left $right", ({ name, operation, left, right }) => {
    const [a, b] = [pseudoRandom(product(left), 1), pseudoRandom(product(right), 2).map((value) => value + 2)];
    const got = tf[name](tf.tensor(a, left), tf.tensor(b, right));
    const flat = (shape: readonly number[], index: number): number => {
      let rest = index;
      let at = 0;
      let stride = 1;
      for (let axis = 1; axis <= got.shape.length; axis++) {
        const own = shape.at(-axis) ?? 1;
        const size = got.shape.at(-axis) as number;
        if (own > 1) at += (rest % size) * stride;
        stride *= own;
        rest = Math.floor(rest / size);
      }
      return at;
    };
    const wanted = Float32Array.from({ length: got.size }, (_, index) =>
      operation(a[flat(left, index)] as number, b[flat(right, index)] as number),
    );
    // Single operations round in one way only.
    expect(Array.from(values(got))).toEqual(Array.from(wanted));
  });
});

describe("copies and casts", () => {
  it.each([
    [
      [2, 3],
      [1, 4],
    ],
    [
      [2, 3],
      [3, 1],
    ],
    [
      [2, 1, 3],
      [2, 5, 2],
    ],
    [[7], [6]],
    [
      [1, 1, 1, 6],
      [2, 3, 4, 1],
    ],
    [[2], [1]],
  ])("tile %j by %j", (shape, times) => {
    const x = pseudoRandom(product(shape), 1);
    const got = tf.tile(tf.tensor(x, shape), times);
    const wanted = Array.from({ length: got.size }, (_, index) => {
      let rest = index;
      let at = 0;
      let stride = 1;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const size = got.shape[axis] as number;
        at += ((rest % size) % (shape[axis] as number)) * stride;
        stride *= shape[axis] as number;
        rest = Math.floor(rest / size);
      }
      return x[at];
    });
    expect(Array.from(values(got))).toEqual(wanted);
  });

  it("adds the rows of each segment, and leaves out rows of none", () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
    const sums = tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 1, -1, 2], "int32"), 4);
    expect(Array.from(values(sums))).toEqual([3, 4, 6, 8, 9, 10, 0, 0]);
  });

  it("casts as the other engines do", () => {
    const x = tf.tensor1d([0, 1, 3, -254, 0.5, Number.NaN, 7, 8, 9, 0]);
    expect(Array.from(values(x.cast("bool")))).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(Array.from(values(x.cast("bool").cast("float32")))).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(Array.from(values(tf.tensor1d([1.9, -1.9, 0.2]).cast("int32")))).toEqual([1, -1, 0]);
  });

  it("keeps NaN where it clips", () => {
    const got = values(tf.clipByValue([-2, -0.5, Number.NaN, 0.5, 2, Number.NaN], -1, 1));
    expect(Array.from(got)).toEqual([-1, -0.5, Number.NaN, 0.5, 1, Number.NaN]);
  });
});

describe("batch normalization", () => {
  it.each([1, 4, 6, 9])("%i channels", (channels) => {
    const shape: [number, number, number] = [3, 5, channels];
    const x = pseudoRandom(product(shape), 1);
    const part = (seed: number) => pseudoRandom(channels, seed);
    const [mean, variance, offset, scale] = [part(2), part(3).map((value) => value + 1.5), part(4), part(5)];
    const wanted = Float64Array.from(x, (value, index) => {
      const channel = index % channels;
      const at = (values: Float32Array) => values[channel] as number;
      return ((value - at(mean)) / Math.sqrt(at(variance) + 1e-3)) * at(scale) + at(offset);
    });
    const got = tf.batchNorm(
      tf.tensor3d(x, shape) as Tensor3D,
      tf.tensor1d(mean),
      tf.tensor1d(variance),
      tf.tensor1d(offset),
      tf.tensor1d(scale),
      1e-3,
    );
    expect(relativeError(values(got), wanted)).toBeLessThan(tolerance);
  });
});

describe("complex numbers and strings", () => {
  it("transforms and comes back", () => {
    const real = pseudoRandom(8, 1);
    const transformed = tf.spectral.fft(tf.complex(real, pseudoRandom(8, 2)));
    const imaginary = pseudoRandom(8, 2);
    const wanted = Float64Array.from({ length: 8 }, (_, frequency) =>
      real.reduce((sum, value, at) => {
        const angle = (-2 * Math.PI * frequency * at) / 8;
        return sum + value * Math.cos(angle) - (imaginary[at] as number) * Math.sin(angle);
      }, 0),
    );
    expect(relativeError(values(tf.real(transformed)), wanted)).toBeLessThan(tolerance);
    expect(relativeError(values(tf.real(tf.spectral.ifft(transformed))), Float64Array.from(real))).toBeLessThan(
      tolerance,
    );
  });

  it("leaves strings to the JavaScript kernels", () => {
    const names = tf.tensor1d(["b", "a", "ö"]);
    expect(Array.from(tf.equal(names, tf.tensor1d(["b", "b", "ö"])).dataSync())).toEqual([1, 0, 1]);
    expect(tf.tile(names, [2]).dataSync()).toEqual(["b", "a", "ö", "b", "a", "ö"]);
  });
});
