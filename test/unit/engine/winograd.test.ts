import type { Tensor, Tensor4D } from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { startEmbedded } from "./embeddedEngine.js";
import { eachProduct, type Geometry, geometry, type Padding, pseudoRandom, relativeError } from "./reference.js";

/** Of the largest value; stated in the README. */
const tolerance = 1e-5;

let tf: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  tf = await startEmbedded();
});
afterEach(() => allow(false));

function allow(allowsWinograd: boolean): void {
  Object.assign(tf.backend(), { allowsWinograd });
}

interface Case {
  readonly name: string;
  readonly g: Geometry;
  readonly padding: Padding;
}

interface Data {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly dy: Float32Array;
}

function caseOf(padding: Padding, more: Partial<Geometry> = {}): Case {
  const sizes = {
    batch: 8,
    height: 8,
    width: 8,
    inChannels: 8,
    outChannels: 8,
    filter: 3,
    stride: 1,
    dilation: 1,
    ...more,
  };
  const { batch, height, width, inChannels, outChannels } = sizes;
  const name = `${batch}×${height}×${width} ${inChannels}→${outChannels} pad ${padding}`;
  return { name, g: geometry(sizes, padding) as Geometry, padding };
}

const served = [
  ...(["same", "valid", 1, 2] as const).map((padding) => caseOf(padding, { height: 10, width: 14 })),
  caseOf("same", { height: 7, width: 4, batch: 17 }),
  caseOf("same", { batch: 2, height: 16, width: 16, inChannels: 16, outChannels: 40 }),
  caseOf("valid", { batch: 3, height: 14, width: 18, inChannels: 24, outChannels: 8 }),
  caseOf("same", { inChannels: 128, outChannels: 16 }),
  caseOf("same", { inChannels: 16, outChannels: 128 }),
];

const normal = ({ g }: Case): Data => ({
  x: pseudoRandom(g.batch * g.height * g.width * g.inChannels, 1),
  w: pseudoRandom(9 * g.inChannels * g.outChannels, 2),
  dy: pseudoRandom(g.batch * g.outHeight * g.outWidth * g.outChannels, 3),
});

/** Output and gradients, as the engine computes them with or without the transforms. */
function computed({ g, padding }: Case, { x, w, dy }: Data, allowsWinograd: boolean): Record<keyof Data, Float32Array> {
  const rounding = typeof padding === "number" ? "floor" : undefined;
  const convolve = (a: Tensor, b: Tensor): Tensor =>
    tf.conv2d(a as Tensor4D, b as Tensor4D, g.stride, padding, "NHWC", g.dilation, rounding);
  allow(allowsWinograd);
  return tf.tidy(() => {
    const image = tf.tensor4d(x, [g.batch, g.height, g.width, g.inChannels]);
    const filter = tf.tensor4d(w, [g.filter, g.filter, g.inChannels, g.outChannels]);
    const y = convolve(image, filter);
    const error = tf.tensor4d(dy, y.shape as [number, number, number, number]);
    const [dx, dw] = tf.grads(convolve)([image, filter], error) as [Tensor, Tensor];
    const read = (tensor: Tensor) => Float32Array.from(tensor.dataSync());
    return { dy: read(y), x: read(dx), w: read(dw) };
  });
}

function exact({ g }: Case, { x, w, dy }: Data): Record<keyof Data, Float64Array> {
  const result = {
    dy: new Float64Array(dy.length),
    x: new Float64Array(x.length),
    w: new Float64Array(w.length),
  };
  eachProduct(g, (a, b, c) => {
    result.dy[c] = (result.dy[c] as number) + (x[a] as number) * (w[b] as number);
    result.x[a] = (result.x[a] as number) + (w[b] as number) * (dy[c] as number);
    result.w[b] = (result.w[b] as number) + (x[a] as number) * (dy[c] as number);
  });
  return result;
}

describe("Winograd's transforms", () => {
  it.each(served)("output and gradients of $name are within 1e-5 of the largest element in float64", (each) => {
    const data = normal(each);
    const wanted = exact(each, data);
    const before = tf.memory().numTensors;
    const got = computed(each, data, true);
    expect(tf.memory().numTensors).toBe(before);
    for (const name of ["dy", "x", "w"] as const) {
      expect(relativeError(got[name], wanted[name]), name).toBeLessThan(tolerance);
    }
    // Or it was not they that computed.
    expect(got.dy).not.toEqual(computed(each, data, false).dy);
  });

  const large = caseOf("same", { height: 16, width: 16, inChannels: 16, outChannels: 16 });
  it.each([
    ["mean 1e4 and deviation 1e-2", (value: number) => 1e4 + 0.01 * value],
    ["after ReLU, mean 3", (value: number) => Math.max(0, 3 + value)],
    ["values of 1e-20", (value: number) => 1e-20 * value],
    ["one value", () => 0.7],
  ])("inputs of %s", (_, shape) => {
    const random = normal(large);
    const data = { ...random, x: random.x.map(shape) };
    const wanted = exact(large, data);
    const got = computed(large, data, true);
    for (const name of ["dy", "x", "w"] as const) {
      expect(relativeError(got[name], wanted[name]), name).toBeLessThan(tolerance);
    }
  });

  it.each([
    ["NaN", Number.NaN],
    ["Infinity", Infinity],
    ["-Infinity", -Infinity],
    ["overflow", 3e38],
  ])("%s is where it is without them, and nothing else has changed", (_, value) => {
    const each = caseOf("same");
    for (const where of ["x", "w", "dy"] as const) {
      const data = normal(each);
      data[where][37] = value;
      const [got, wanted] = [computed(each, data, true), computed(each, data, false)];
      for (const name of ["dy", "x", "w"] as const) {
        if (wanted[name].every(Number.isFinite)) expect(got[name].every(Number.isFinite), name).toBe(true);
        else expect(got[name], name).toEqual(wanted[name]);
      }
    }
  });

  it.each([
    caseOf("same", { stride: 2 }),
    caseOf("same", { dilation: 2 }),
    caseOf("same", { filter: 5 }),
    caseOf("same", { filter: 1 }),
    caseOf("same", { inChannels: 3 }),
    caseOf("same", { outChannels: 12 }),
    caseOf("same", { batch: 2 }),
    caseOf("same", { height: 5, width: 5 }),
  ])(
    "what they do not serve has the same bits: filter $g.filter stride $g.stride dilation $g.dilation $name",
    (each) => {
      const { g } = each;
      const data = { ...normal(each), w: pseudoRandom(g.filter ** 2 * g.inChannels * g.outChannels, 2) };
      const [got, wanted] = [true, false].map((allows) => {
        allow(allows);
        return tf.tidy(() =>
          Float32Array.from(
            tf
              .conv2d(
                tf.tensor4d(data.x, [g.batch, g.height, g.width, g.inChannels]),
                tf.tensor4d(data.w, [g.filter, g.filter, g.inChannels, g.outChannels]),
                g.stride,
                "same",
                "NHWC",
                g.dilation,
              )
              .dataSync(),
          ),
        );
      });
      expect(got).toEqual(wanted);
    },
  );

  test("bias and activation are taken along", () => {
    const each = caseOf("same");
    const { x, w } = normal(each);
    const run = (): Float32Array =>
      tf.tidy(() =>
        Float32Array.from(
          tf.fused
            .conv2d({
              x: tf.tensor4d(x, [8, 8, 8, 8]),
              filter: tf.tensor4d(w, [3, 3, 8, 8]),
              strides: 1,
              pad: "same",
              bias: tf.tensor1d([-3, -2, -1, 0, 1, 2, 3, 4]),
              activation: "relu",
            })
            .dataSync(),
        ),
      );
    allow(false);
    const wanted = run();
    allow(true);
    const got = run();
    expect(relativeError(got, Float64Array.from(wanted))).toBeLessThan(tolerance);
    expect(got).not.toEqual(wanted);
    expect(Math.min(...got)).toBe(0);
  });
});
