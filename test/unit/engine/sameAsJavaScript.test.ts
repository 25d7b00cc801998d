import type { Tensor } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startEmbedded } from "./embeddedEngine.js";
import { pseudoRandom } from "./reference.js";

type Tf = Awaited<ReturnType<typeof startEmbedded>>;

/** Of the largest value. */
const tolerance = 1e-5;

let tf: Tf;
beforeAll(async () => {
  tf = await startEmbedded();
});

const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);
const floats = (shape: number[], seed = 1) => tf.tensor(pseudoRandom(size(shape), seed), shape);
const integers = (shape: number[], from = -4) =>
  tf.tensor(
    Array.from(pseudoRandom(size(shape), 3), (value) => Math.floor((value + 1) * 4) + from),
    shape,
    "int32",
  );
/** 0/0 as x86 computes it: its sign bit is set. */
const negativeNaN = new Float32Array(Uint32Array.of(0xffc00000).buffer);
const oftenNaN = (shape: number[]) => tf.where(floats(shape).greater(0.3), tf.tensor1d(negativeNaN), floats(shape));
const booleans = (shape: number[]) => tf.tensor(pseudoRandom(size(shape), 5).map(Number), shape).greater(0);

interface Plain {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

async function on(backend: "cpu" | "wasm", compute: () => Tensor | Tensor[]): Promise<readonly Plain[]> {
  await tf.setBackend(backend);
  return tf.tidy(() =>
    [compute()]
      .flat()
      .map((tensor) => ({ dtype: tensor.dtype, shape: tensor.shape, values: Array.from(tensor.dataSync()) })),
  );
}

function expectSame(got: readonly Plain[], wanted: readonly Plain[]): void {
  const kind = ({ dtype, shape }: Plain) => ({ dtype, shape });
  expect(got.map(kind)).toEqual(wanted.map(kind));
  for (const [index, { values }] of wanted.entries()) {
    const scale = Math.max(1, ...values.filter(Number.isFinite).map(Math.abs));
    const near = (got[index] as Plain).values.map((value, at) => {
      const other = values[at] as number;
      return Math.abs(value - other) <= tolerance * scale ? other : value;
    });
    expect(near).toEqual(values);
  }
}

/** With the gradients by all that goes in, weighted so that no two places are alike. */
function withGradients(inputs: () => Tensor[], f: (...inputs: Tensor[]) => Tensor): () => Tensor[] {
  return () => {
    const weighted = (...given: Tensor[]) => {
      const result = f(...given);
      return result.mul(floats(result.shape, 9)).sum();
    };
    return [f(...inputs()), ...tf.grads(weighted as (...given: Tensor[]) => Tensor)(inputs())];
  };
}

const unary = ["acos", "acosh", "asin", "asinh", "atanh", "expm1", "isFinite", "isInf", "isNaN", "log1p", "reciprocal"];
const padding = ["same", "valid"] as const;

const cases: readonly (readonly [string, () => Tensor | Tensor[]])[] = [
  ...unary.map(
    (name) =>
      [
        `${name} of integers`,
        () => (tf as never as Record<string, (x: Tensor) => Tensor>)[name]?.(integers([7])) as Tensor,
      ] as const,
  ),
  ...padding.flatMap((pad) =>
    ([1, 2] as const).flatMap((stride) => [
      [
        `conv3d, ${pad}, stride ${stride}`,
        withGradients(
          () => [floats([2, 5, 4, 6, 2]), floats([3, 2, 3, 2, 3], 2)],
          (x, filter) => tf.conv3d(x as never, filter as never, stride, pad),
        ),
      ] as const,
      [
        `maxPool3d, ${pad}, stride ${stride}`,
        withGradients(
          () => [floats([2, 5, 4, 6, 2])],
          (x) => tf.maxPool3d(x as never, 2, stride, pad),
        ),
      ] as const,
      [
        `dilation2d, ${pad}, stride ${stride}`,
        withGradients(
          () => [floats([2, 6, 5, 3]), floats([3, 2, 3], 2)],
          (x, filter) => tf.dilation2d(x as never, filter as never, stride, pad, 1),
        ),
      ] as const,
    ]),
  ),
  [
    "maxPoolWithArgmax",
    () => Object.values(tf.maxPoolWithArgmax(floats([2, 4, 4, 2]) as never, 2, 2, "same", true)) as Tensor[],
  ],
  ["clipByValue of integers", () => tf.clipByValue(integers([9]), -2, 1)],
  ["relu6 keeps NaN", () => tf.relu6([Number.NaN, -1, 3, 9])],
  ["relu keeps NaN of either sign", () => [tf.relu([Number.NaN, -1, -0, 0, 3]), tf.relu(oftenNaN([3, 7]))]],
  ["relu6 keeps NaN of either sign", () => tf.relu6(oftenNaN([3, 7]))],
  ["relu of integers", () => tf.relu(integers([9]))],
  ...(["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const).flatMap((activation) =>
    [undefined, [3]].map(
      (bias) =>
        [
          `depthwise convolution with ${activation} ${bias === undefined ? "and no bias " : ""}keeps NaN`,
          () =>
            tf.fused.depthwiseConv2d({
              x: oftenNaN([1, 6, 6, 3]) as never,
              filter: floats([2, 2, 3, 1], 2) as never,
              strides: 2,
              pad: "valid",
              activation,
              ...(bias === undefined ? {} : { bias: floats(bias, 3) }),
            }),
        ] as const,
    ),
  ),
  ["oneHot with values of its own", () => tf.oneHot(tf.tensor1d([1, 3, 0], "int32"), 4, 2.5, -1, "float32")],
  ["oneHot of floats", () => tf.oneHot(tf.tensor1d([1, 3, 0], "int32"), 4, 1, 0, "float32")],
  ["reverse of booleans", () => tf.reverse(booleans([3, 4]))],
  ["where, over a broadcast condition", () => tf.where(booleans([2, 1]), booleans([2, 3]), booleans([1, 3]))],
  ["stridedSlice of integers", () => tf.stridedSlice(integers([5, 6, 3]), [4, 1, 0], [0, 6, 3], [-2, 2, 1])],
  [
    "resizeNearestNeighbor of integers",
    () => tf.image.resizeNearestNeighbor(integers([2, 5, 4, 3], 4) as never, [3, 8]),
  ],
  [
    "transform",
    () =>
      tf.image.transform(
        floats([1, 5, 4, 3]) as never,
        tf.tensor2d([[1, 0.1, 0.5, 0, 1.1, -0.3, 0.01, 0]]),
        "bilinear",
        "reflect",
        0.3,
        [6, 6],
      ),
  ],
  [
    "prelu, alpha for an axis in the middle",
    withGradients(
      () => [floats([2, 3, 4, 5]), floats([4, 1], 2)],
      (x, alpha) => tf.prelu(x, alpha),
    ),
  ],
  ...(["sum", "prod", "any", "all"] as const).map(
    (name) =>
      [
        `${name} of nothing`,
        () => {
          const nothing = name === "any" || name === "all" ? booleans([0, 3]) : floats([0, 3]);
          return [nothing[name](), nothing[name](0)];
        },
      ] as const,
  ),
  [
    "a gradient by nothing",
    withGradients(
      () => [floats([0, 3]), floats([3], 2)],
      (a, b) => a.mul(b).add(a.square()),
    ),
  ],
  ["tile by 0", () => [floats([2, 3]).tile([0, 2]), integers([2, 3]).tile([2, 0])]],
];

it.each(cases)("%s", async (_, compute) => {
  expectSame(await on("wasm", compute), await on("cpu", compute));
});

describe.each(["maximum", "minimum"] as const)("%s", (name) => {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, -3];
  const math = name === "maximum" ? Math.max : Math.min;

  it("is NaN where either is", async () => {
    const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
    const [a, b] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
    const [{ values }] = (await on("wasm", () => tf[name](a, b))) as [Plain];
    expect(values).toEqual(pairs.map((pair) => math(...pair)));
  });

  it.each([
    [[4, 6], [6]],
    [[6], [4, 6]],
    [[4, 6], []],
    [
      [3, 1],
      [1, 5],
    ],
    [
      [2, 1, 3],
      [4, 1],
    ],
  ])("broadcasts %j and %j", async (a, b) => {
    const compute = () => tf[name](floats(a), floats(b, 2));
    expectSame(await on("wasm", compute), await on("cpu", compute));
  });
});
