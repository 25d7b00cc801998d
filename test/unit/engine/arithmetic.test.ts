import type { Tensor } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { startEmbedded } from "./embeddedEngine.js";
import { pseudoRandom } from "./reference.js";

let tf: Awaited<ReturnType<typeof startEmbedded>>;
beforeAll(async () => {
  tf = await startEmbedded();
}, 60_000);

const r = Math.fround;
const operations = {
  add: (a: number, b: number) => r(a + b),
  sub: (a: number, b: number) => r(a - b),
  mul: (a: number, b: number) => r(a * b),
  div: (a: number, b: number) => r(a / b),
} as const;

/** Broadcasting by index arithmetic, each operation rounded to float32. */
function wanted(f: (a: number, b: number) => number, shapes: readonly [number[], number[]], data: Float32Array[]) {
  const [first, second] = shapes;
  const rank = Math.max(first.length, second.length);
  const padded = shapes.map((shape) => [...new Array(rank - shape.length).fill(1), ...shape] as number[]);
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(...padded.map((each) => each[axis] as number)));
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, at) => {
    const [a, b] = padded.map((each, which) => {
      let [rest, index, stride] = [at, 0, 1];
      for (let axis = rank - 1; axis >= 0; axis--) {
        const place = rest % (shape[axis] as number);
        rest = Math.floor(rest / (shape[axis] as number));
        if (each[axis] !== 1) index += place * stride;
        stride *= each[axis] as number;
      }
      return data[which]?.[index] as number;
    }) as [number, number];
    return f(a, b);
  });
  return { shape, values };
}

const shapes: [number[], number[]][] = [
  [[7], [7]],
  [
    [32, 64],
    [32, 64],
  ],
  [
    [3, 1, 5],
    [3, 1, 5],
  ],
  [[2, 3, 4], []],
  [[], [2, 3, 5]],
  [[], []],
  [[1], []],
  [[], [1, 1]],
  [[1], [2, 3]],
  [
    [2, 3],
    [1, 1],
  ],
  [[1, 1, 1], [6]],
  [[6], [1, 1, 1]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [3, 4],
    [3, 1],
  ],
  [[4, 8], [8]],
  [[8], [4, 8]],
];

describe.each(Object.entries(operations))("%s", (name, f) => {
  it.each(shapes)("%j with %j: every value as float32 rounds it", (first, second) => {
    const data = [first, second].map((shape, seed) =>
      pseudoRandom(
        shape.reduce((product, length) => product * length, 1),
        seed + 1,
      ),
    ) as Float32Array[];
    const [a, b] = [tf.tensor(data[0] as Float32Array, first), tf.tensor(data[1] as Float32Array, second)];
    const before = tf.memory().numTensors;
    const got = (tf[name as keyof typeof operations] as (a: Tensor, b: Tensor) => Tensor)(a, b);
    const expected = wanted(f, [first, second], data);
    expect(got.shape).toEqual(expected.shape);
    expect(Array.from(got.dataSync())).toEqual(Array.from(expected.values));
    got.dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([a, b]);
  });

  it("NaN and Inf as IEEE 754 has them", () => {
    const special = [Number.NaN, Infinity, -Infinity, 0, -0, 1, 3e38];
    const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
    const got = tf.tidy(() =>
      (tf[name as keyof typeof operations] as (a: Tensor, b: Tensor) => Tensor)(
        tf.tensor1d(pairs.map(([a]) => a)),
        tf.tensor1d(pairs.map(([, b]) => b)),
      ).dataSync(),
    );
    expect(Array.from(got)).toEqual(pairs.map(([a, b]) => f(r(a), r(b))));
  });
});

describe("the gradient of clipByValue", () => {
  const x = [-2, -1, -0.5, 0, 0.999, 1, 1.5, Number.NaN, Infinity, -Infinity, 0.25];
  const dy = [1, 2, 3, -4, 5, 6, 7, 8, Number.NaN, 9, Number.NaN];

  it("is dy within the bounds, the bounds included, and 0 elsewhere", () => {
    const got = tf.tidy(() =>
      tf
        .grad((t) => tf.clipByValue(t, -1, 1))(tf.tensor1d(x), tf.tensor1d(dy))
        .dataSync(),
    );
    expect(Array.from(got)).toEqual(dy.map((value, at) => (Math.abs(x[at] as number) <= 1 ? value : 0)));
  });

  it("is differentiated by tfjs's own ops, which cannot", () => {
    const f = (t: Tensor) => tf.clipByValue(t.mul(t), 0, 2).sum();
    const second = () => tf.grad((t) => tf.grad(f)(t).sum())(tf.tensor1d([1, 2, -0.5]));
    expect(() => tf.tidy(second)).toThrow("gradient function not found for LogicalAnd");
  });

  it("leaves no tensor behind", () => {
    const [input, error] = [tf.tensor1d(x), tf.tensor1d(dy)];
    const before = tf.memory();
    tf.grad((t) => tf.clipByValue(t, -1, 1))(input, error).dispose();
    expect(tf.memory()).toEqual(before);
    tf.dispose([input, error]);
  });
});
