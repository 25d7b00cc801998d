import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { missingKernel, runOnCpu } from "./cpuFallback.js";
import { rowLength } from "./kernels/arithmetic.js";

type Call = Parameters<KernelFunc>[0];

const notFloat = ({ inputs }: Call) => Object.values(inputs).some((input) => (input as TensorInfo).dtype !== "float32");

/** What tfjs-backend-wasm 4.22 computes wrongly, without a word. */
const neverRight: ReadonlySet<string> = new Set([
  // Start their search for the largest at the smallest positive number.
  "Dilation2D",
  "Dilation2DBackpropFilter",
  "Dilation2DBackpropInput",
  "MaxPool3D",
  "MaxPool3DGrad",
  "MaxPoolWithArgmax",
  // Add up other values than the definition has.
  "Conv3DBackpropFilterV2",
  "Conv3DBackpropInputV2",
  "Transform",
]);

/** What takes a boolean for one byte; the others read or write four. */
const takesBooleans: ReadonlySet<string> = new Set([
  "All",
  "Any",
  "Cast",
  "LogicalAnd",
  "LogicalNot",
  "LogicalOr",
  "OnesLike",
  "ZerosLike",
]);

const wrong: Readonly<Record<string, (call: Call) => boolean>> = {
  // Read integers as if they were floats.
  Acos: notFloat,
  Acosh: notFloat,
  Asin: notFloat,
  Asinh: notFloat,
  Atanh: notFloat,
  ClipByValue: notFloat,
  Expm1: notFloat,
  IsFinite: notFloat,
  IsInf: notFloat,
  IsNan: notFloat,
  Log1p: notFloat,
  Reciprocal: notFloat,
  // Make floats of integers.
  ResizeNearestNeighbor: notFloat,
  StridedSlice: notFloat,
  // Writes integers whatever is asked for.
  OneHot: ({ attrs }) => {
    const { dtype, onValue, offValue } = attrs as unknown as { dtype: string; onValue: number; offValue: number };
    return dtype !== "int32" || !Number.isInteger(onValue) || !Number.isInteger(offValue);
  },
  // Takes alpha for the last axes, whatever its shape.
  Prelu: ({ inputs }) => {
    const { x, alpha } = inputs as { x: TensorInfo; alpha: TensorInfo };
    const isSame = x.shape.length === alpha.shape.length && x.shape.every((size, axis) => size === alpha.shape[axis]);
    return !isSame && rowLength(x.shape, alpha.shape) === null;
  },
};

/**
 * Hands over to the JavaScript kernel, where there is one, what is rare and what the other would get wrong: strings,
 * complex numbers, booleans that are not a condition, tensors without a value.
 */
export function orJavaScript(name: string, kernelFunc: KernelFunc, registry: ReadonlyMap<string, unknown>): KernelFunc {
  if (!registry.has(`cpu_${name}`)) return kernelFunc;
  if (neverRight.has(name)) return missingKernel(name);
  // The mean of nothing is NaN, as TensorFlow has it; JavaScript's kernel says 0.
  const takesNothing = name === "Mean";
  const isWrong = wrong[name];
  const misread = (dtype: string, input: string) =>
    dtype === "string" ||
    dtype === "complex64" ||
    (dtype === "bool" && input !== "condition" && !takesBooleans.has(name));
  return (call) => {
    const inputs = call.inputs as Readonly<Record<string, TensorInfo | undefined>>;
    for (const input in inputs) {
      const info = inputs[input];
      if (info === undefined || info === null) continue;
      if (misread(info.dtype, input) || (!takesNothing && info.shape.includes(0))) return runOnCpu(name, call);
    }
    return isWrong?.(call) === true ? runOnCpu(name, call) : kernelFunc(call);
  };
}
