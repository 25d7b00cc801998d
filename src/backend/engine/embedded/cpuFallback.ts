import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { engine } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "./embeddedBackend.js";
import { kernelRegistry } from "./kernelTable.js";

type Values = Float32Array | Int32Array | Uint8Array | Uint8Array[];
type Input = TensorInfo | Input[] | null | undefined;

/** What a kernel of the JS backend asks of its backend, as far as this file calls it. */
interface CpuBackend {
  firstUse: boolean;
  makeTensorInfo(shape: readonly number[], dtype: string, values?: Values): TensorInfo;
  readSync(dataId: object): Values;
  disposeData(dataId: object, force?: boolean): boolean;
}

const counts = new Map<string, number>();

/** How often each kernel that WebAssembly lacks ran in JavaScript. */
export function fallbackCounts(): ReadonlyMap<string, number> {
  return counts;
}

/** Runs tfjs's JavaScript kernel where there is no other, and says so once. */
export function missingKernel(kernelName: string): KernelFunc {
  return (call) => {
    const before = counts.get(kernelName) ?? 0;
    counts.set(kernelName, before + 1);
    if (before === 0) {
      process.stderr.write(`layerscope: ${kernelName} has no WebAssembly kernel and runs in JavaScript.\n`);
    }
    return runOnCpu(kernelName, call);
  };
}

/** Runs tfjs's JavaScript kernel on copies of the inputs, and copies its outputs back. */
export function runOnCpu(
  kernelName: string,
  { inputs, attrs, backend }: Parameters<KernelFunc>[0],
): ReturnType<KernelFunc> {
  const embedded = backend as EmbeddedBackend;
  const cpu = engine().findBackend("cpu") as unknown as CpuBackend | null;
  const kernel = kernelRegistry().get(`cpu_${kernelName}`);
  if (!cpu || !kernel) throw new Error(`Kernel '${kernelName}' is neither in WebAssembly nor in the JS backend.`);
  cpu.firstUse = false;
  const copies: TensorInfo[] = [];
  const copyIn = (input: Input): unknown => {
    if (input === null || input === undefined) return input;
    if (Array.isArray(input)) return input.map(copyIn);
    // Some kernels ask for the rank, which only tensors have.
    const rank = input.shape.length;
    const copy = { ...toCpu(cpu, input, embedded.readSync(input.dataId) as Values), rank };
    copies.push(copy);
    return copy;
  };
  const copied = Array.isArray(inputs)
    ? inputs.map(copyIn)
    : Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, copyIn(input as Input)]));
  const result = kernel.kernelFunc({ inputs: copied as typeof inputs, attrs: attrs ?? {}, backend: cpu });
  const outputs = Array.isArray(result) ? result : [result];
  const back = outputs.map(({ shape, dtype, dataId }) =>
    embedded.makeOutput(shape, dtype, undefined, valuesOf(dtype, cpu.readSync(dataId)) as Float32Array),
  );
  for (const info of [...outputs, ...copies]) cpu.disposeData(info.dataId);
  return Array.isArray(result) ? back : (back[0] as TensorInfo);
}

/** Some of tfjs's JavaScript kernels keep integers in an array of floats. */
function valuesOf(dtype: string, values: Values): Values {
  return dtype === "int32" && values instanceof Float32Array ? Int32Array.from(values) : values;
}

function toCpu(cpu: CpuBackend, { shape, dtype }: TensorInfo, values: Values): TensorInfo {
  if (dtype !== "complex64") return cpu.makeTensorInfo(shape, dtype, values);
  const pairs = values as Float32Array;
  const part = (offset: 0 | 1): TensorInfo => {
    const own = Float32Array.from({ length: pairs.length / 2 }, (_, index) => pairs[2 * index + offset] as number);
    return cpu.makeTensorInfo(shape, "float32", own);
  };
  const inputs = { real: part(0), imag: part(1) };
  const kernel = kernelRegistry().get("cpu_Complex");
  const complex = kernel?.kernelFunc({ inputs, attrs: {}, backend: cpu }) as TensorInfo;
  cpu.disposeData(inputs.real.dataId);
  cpu.disposeData(inputs.imag.dataId);
  return complex;
}
