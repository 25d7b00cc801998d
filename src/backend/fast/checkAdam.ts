import type { TensorLike, VariableLike } from "../hooks/tensorflow.js";
import type { TensorReader } from "../hooks/tensorReader.js";
import type { AdamArithmetic, AdamSettings } from "./adamArithmetic.js";
import type { FastEngine } from "./fastEngine.js";

const length = 11;
const settings: AdamSettings = {
  beta1: 0.9,
  share1: 1 - 0.9,
  beta2: 0.999,
  share2: 1 - 0.999,
  correction1: Math.fround(1 - Math.fround(0.81)),
  correction2: Math.fround(1 - Math.fround(0.998)),
  epsilon: 1e-7,
  rate: -0.01,
};

/** Whether an update gives here, bit for bit, what fourteen operations give that are each rounded to float32. */
export function isExactAdam(arithmetic: AdamArithmetic, engine: FastEngine, reader: TensorReader): boolean {
  return engine.tidy(() => {
    const start = [0.3, 1.1, 2.7, 0.9].map((pace) =>
      Float32Array.from({ length }, (_, at) => Math.sin(at * pace + pace)),
    );
    const [gradient, weight, first, second] = start as [Float32Array, Float32Array, Float32Array, Float32Array];
    const positive = second.map(Math.abs);
    const results: TensorLike[] = [];
    const tensor = (values: Float32Array): TensorLike => engine.makeTensor(values, [length], "float32");
    const variable = (values: Float32Array, place: number): VariableLike =>
      Object.assign(tensor(values), {
        assign(value: TensorLike) {
          results[place] = value;
        },
      }) as VariableLike;
    const variables = { weight: variable(weight, 0), first: variable(first, 1), second: variable(positive, 2) };
    arithmetic.update({ gradient: tensor(gradient), ...variables }, settings);
    const got = results.map((result) => reader.values(result));
    return gradient.every((value, at) => {
      const wanted = rounded(value, weight[at] as number, first[at] as number, positive[at] as number);
      return wanted.every((number, place) => Object.is(got[place]?.[at], number));
    });
  });
}

function rounded(gradient: number, weight: number, first: number, second: number): [number, number, number] {
  const r = Math.fround;
  const { epsilon, rate, correction1, correction2 } = settings;
  const [beta1, share1, beta2, share2] = [settings.beta1, settings.share1, settings.beta2, settings.share2].map(r) as [
    number,
    number,
    number,
    number,
  ];
  const newFirst = r(r(first * beta1) + r(gradient * share1));
  const newSecond = r(r(second * beta2) + r(r(gradient * gradient) * share2));
  const root = r(Math.sqrt(r(newSecond / correction2)));
  const step = r(r(newFirst / correction1) / r(root + r(epsilon)));
  return [r(r(step * r(rate)) + weight), newFirst, newSecond];
}
