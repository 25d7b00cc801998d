import type { Tensor, Tensor4D } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startEmbedded } from "./embeddedEngine.js";
import {
  eachDepthwiseProduct,
  eachProduct,
  type Geometry,
  geometry,
  type Padding,
  pseudoRandom,
  relativeError,
} from "./reference.js";

/** Of the largest value: float32 sums of up to a few hundred products. */
const tolerance = 2e-6;
const strides = [1, 2, 3];
const filters = [1, 2, 3, 4, 5];
const paddings: Padding[] = ["same", "valid", 1, 2];
const channels: readonly (readonly [number, number])[] = [
  [1, 8],
  [3, 5],
  [4, 4],
  [7, 16],
];

let tf: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  tf = await startEmbedded();
});

function values(tensor: Tensor): ArrayLike<number> {
  const result = tensor.dataSync();
  tensor.dispose();
  return result;
}

interface GridCase {
  readonly name: string;
  readonly g: Geometry;
  readonly padding: Padding;
}

function grid(dilations: readonly number[]): GridCase[] {
  const cases: GridCase[] = [];
  for (const stride of strides) {
    for (const filter of filters) {
      for (const padding of paddings) {
        for (const dilation of dilations) {
          for (const [inChannels, outChannels] of channels) {
            if (dilation > 1 && stride > 1) continue;
            const sizes = { batch: 2, height: 9, width: 7, inChannels, outChannels, filter, stride, dilation };
            const g = geometry(sizes, padding);
            if (g === null) continue;
            cases.push({
              name: `stride ${stride} filter ${filter} pad ${padding} dilation ${dilation} ${inChannels}→${outChannels}`,
              g,
              padding,
            });
          }
        }
      }
    }
  }
  return cases;
}

describe("convolution", () => {
  it.each(grid([1, 2]))("forward: $name", ({ g, padding }) => {
    const x = pseudoRandom(g.batch * g.height * g.width * g.inChannels, 1);
    const w = pseudoRandom(g.filter * g.filter * g.inChannels * g.outChannels, 2);
    const wanted = new Float64Array(g.batch * g.outHeight * g.outWidth * g.outChannels);
    eachProduct(g, (a, b, c) => {
      wanted[c] = (wanted[c] as number) + (x[a] as number) * (w[b] as number);
    });
    const got = tf.tidy(() =>
      tf.conv2d(input(g, x), filter(g, w), g.stride, padding, "NHWC", g.dilation, roundingOf(padding)),
    );
    expect(got.shape).toEqual([g.batch, g.outHeight, g.outWidth, g.outChannels]);
    expect(relativeError(values(got), wanted)).toBeLessThan(tolerance);
  });

  it.each(grid([1]))("gradients: $name", ({ g, padding }) => {
    const x = pseudoRandom(g.batch * g.height * g.width * g.inChannels, 1);
    const w = pseudoRandom(g.filter * g.filter * g.inChannels * g.outChannels, 2);
    const dy = pseudoRandom(g.batch * g.outHeight * g.outWidth * g.outChannels, 3);
    const dx = new Float64Array(x.length);
    const dw = new Float64Array(w.length);
    eachProduct(g, (a, b, c) => {
      dx[a] = (dx[a] as number) + (w[b] as number) * (dy[c] as number);
      dw[b] = (dw[b] as number) + (x[a] as number) * (dy[c] as number);
    });
    const before = tf.memory().numTensors;
    const [gotX, gotW] = tf.tidy(() =>
      tf.grads((a, b) => tf.conv2d(a as Tensor4D, b as Tensor4D, g.stride, padding, "NHWC", 1, roundingOf(padding)))(
        [input(g, x), filter(g, w)],
        tf.tensor4d(dy, [g.batch, g.outHeight, g.outWidth, g.outChannels]),
      ),
    ) as [Tensor, Tensor];
    expect(relativeError(values(gotX), dx)).toBeLessThan(tolerance);
    expect(relativeError(values(gotW), dw)).toBeLessThan(tolerance);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("depthwise convolution", () => {
  const multipliers = [1, 2, 3];
  const cases = grid([1, 2])
    .filter(({ g }) => g.outChannels === 5 || g.outChannels === 16)
    .flatMap((entry) => multipliers.map((multiplier) => ({ ...entry, multiplier })));
  it.each(cases)("gradients: $name ×$multiplier", ({ g, padding, multiplier }) => {
    const x = pseudoRandom(g.batch * g.height * g.width * g.inChannels, 1);
    const w = pseudoRandom(g.filter * g.filter * g.inChannels * multiplier, 2);
    const dy = pseudoRandom(g.batch * g.outHeight * g.outWidth * g.inChannels * multiplier, 3);
    const dx = new Float64Array(x.length);
    const dw = new Float64Array(w.length);
    eachDepthwiseProduct(g, multiplier, (a, b, c) => {
      dx[a] = (dx[a] as number) + (w[b] as number) * (dy[c] as number);
      dw[b] = (dw[b] as number) + (x[a] as number) * (dy[c] as number);
    });
    // tfjs's gradient function refuses dilation; the kernels do not.
    const attributes = { strides: g.stride, pad: padding, dilations: g.dilation, dimRoundingMode: "floor" };
    const filterShape = [g.filter, g.filter, g.inChannels, multiplier];
    const inputs = { x: input(g, x), filter: tf.tensor(w, filterShape) };
    const error = tf.tensor4d(dy, [g.batch, g.outHeight, g.outWidth, g.inChannels * multiplier]);
    const gotX = tf
      .engine()
      .runKernel(
        "DepthwiseConv2dNativeBackpropInput",
        { dy: error, filter: inputs.filter },
        { ...attributes, inputShape: inputs.x.shape },
      ) as Tensor;
    const gotW = tf
      .engine()
      .runKernel(
        "DepthwiseConv2dNativeBackpropFilter",
        { x: inputs.x, dy: error },
        { ...attributes, filterShape },
      ) as Tensor;
    expect(relativeError(values(gotX), dx)).toBeLessThan(tolerance);
    expect(relativeError(values(gotW), dw)).toBeLessThan(tolerance);
  });
});

function input(g: Geometry, x: Float32Array): Tensor4D {
  return tf.tensor4d(x, [g.batch, g.height, g.width, g.inChannels]);
}

function filter(g: Geometry, w: Float32Array): Tensor4D {
  return tf.tensor4d(w, [g.filter, g.filter, g.inChannels, g.outChannels]);
}

/** tfjs wants to be told how to round when the padding is a number. */
function roundingOf(padding: Padding): "floor" | undefined {
  return typeof padding === "number" ? "floor" : undefined;
}
