import type { TensorReader } from "../hooks/tensorReader.js";
import type { FastEngine, Tensor } from "./fastEngine.js";
import type { GradientConfig } from "./gradientRegistry.js";

const inputs = [-1, 0, 2, Number.NaN, Infinity, -Infinity, -0, 1e-40];
const errors = [1, Number.NaN, Infinity, -3, 0.5, -Infinity, 2, 7];

/** Whether a gradient of ReLU gives here, bit for bit, what tfjs's own gives, NaN and Inf included. */
export function isSameReluGradient(
  engine: FastEngine,
  reader: TensorReader,
  fast: GradientConfig,
  original: GradientConfig,
): boolean {
  return engine.tidy(() => {
    const x = engine.makeTensor(Float32Array.from(inputs), [inputs.length], "float32");
    const dy = engine.makeTensor(Float32Array.from(errors), [errors.length], "float32");
    const y = engine.runKernel("Relu", { x }) as Tensor;
    const [got, wanted] = [fast, original].map(({ gradFunc, outputsToSave }) => {
      const gradient = gradFunc(dy, [outputsToSave?.[0] === true ? y : x], {}).x;
      return gradient === undefined ? null : reader.copy(gradient());
    });
    return got != null && wanted != null && got.every((value, at) => Object.is(value, wanted[at]));
  });
}
