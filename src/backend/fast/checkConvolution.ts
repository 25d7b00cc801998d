import type { TensorReader } from "../hooks/tensorReader.js";
import type { EmbeddedBackendLike } from "./embeddedMemory.js";
import type { FastEngine, Tensor } from "./fastEngine.js";
import { withWinograd } from "./trainingConvolutions.js";

const tolerance = 1e-5;
const [batch, size, channels] = [8, 7, 8];
const attributes = { strides: 1, pad: "same", dataFormat: "NHWC" };

/** Whether Winograd's transforms compute here what they should, to a sum's last bits: a small convolution in float64. */
export function isRightConvolution(engine: FastEngine, backend: EmbeddedBackendLike, reader: TensorReader): boolean {
  const image = [batch, size, size, channels];
  const window = [3, 3, channels, channels];
  const x = wave(image, 1.7);
  const filter = wave(window, 2.3);
  const dy = wave(image, 0.9);
  const wanted = convolution(x, filter, dy);
  return engine.tidy(() =>
    withWinograd(backend, () => {
      const tensor = (values: Float64Array, shape: readonly number[]) =>
        engine.makeTensor(Float32Array.from(values), shape, "float32");
      const run = (name: string, inputs: Readonly<Record<string, Tensor>>, more: object = {}) =>
        reader.copy(engine.runKernel(name, inputs, { ...attributes, ...more }) as Tensor);
      const inputs = { x: tensor(x, image), filter: tensor(filter, window), dy: tensor(dy, image) };
      return (
        isNear(run("Conv2D", { x: inputs.x, filter: inputs.filter }), wanted.y) &&
        isNear(
          run("Conv2DBackpropInput", { dy: inputs.dy, filter: inputs.filter }, { inputShape: image }),
          wanted.dx,
        ) &&
        isNear(run("Conv2DBackpropFilter", { x: inputs.x, dy: inputs.dy }, { filterShape: window }), wanted.dFilter)
      );
    }),
  );
}

/** Values that float32 holds. */
function wave(shape: readonly number[], frequency: number): Float64Array {
  const length = shape.reduce((product, size) => product * size, 1);
  return Float64Array.from({ length }, (_, at) => Math.fround(Math.sin(at * frequency)));
}

/** Output and gradients by the definition. */
function convolution(x: Float64Array, filter: Float64Array, dy: Float64Array) {
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  for (let position = 0; position < batch * size * size; position++) {
    const [row, column] = [Math.floor(position / size) % size, position % size];
    for (let tap = 0; tap < 9; tap++) {
      const [down, right] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
      if (row + down < 0 || row + down >= size || column + right < 0 || column + right >= size) continue;
      const pixel = (position + down * size + right) * channels;
      for (let pair = 0; pair < channels * channels; pair++) {
        const input = pixel + Math.floor(pair / channels);
        const output = position * channels + (pair % channels);
        const weight = tap * channels * channels + pair;
        y[output] = at(y, output) + at(x, input) * at(filter, weight);
        dx[input] = at(dx, input) + at(dy, output) * at(filter, weight);
        dFilter[weight] = at(dFilter, weight) + at(x, input) * at(dy, output);
      }
    }
  }
  return { y, dx, dFilter };
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}

function isNear(got: ArrayLike<number> | null, wanted: Float64Array): boolean {
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    got !== null && wanted.every((value, index) => Math.abs((got[index] as number) - value) <= tolerance * largest)
  );
}
