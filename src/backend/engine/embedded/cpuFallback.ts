import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { engine } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "./embeddedBackend.js";
import { kernelRegistry } from "./kernelTable.js";

type Values = Float32Array | Int32Array | Uint8Array | Uint8Array[];

/** What a kernel of the JS backend asks of its backend, as far as this file calls it. */
interface CpuBackend {
  firstUse: boolean;
  makeTensorInfo(shape: readonly number[], dtype: string, values?: Values): TensorInfo;
  readSync(dataId: object): Values;
  disposeData(dataId: object, force?: boolean): boolean;
}

const counts = new Map<string, number>();

/** How often each kernel ran in JavaScript. */
export function fallbackCounts(): ReadonlyMap<string, number> {
  return counts;
}

/** Runs tfjs's JavaScript kernel on copies of the inputs. */
export function cpuFallback(kernelName: string): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const embedded = backend as EmbeddedBackend;
    const cpu = engine().findBackend("cpu") as unknown as CpuBackend | null;
    const kernel = kernelRegistry().get(`cpu_${kernelName}`);
    if (!cpu || !kernel) throw new Error(`Kernel '${kernelName}' is neither in WebAssembly nor in the JS backend.`);
    cpu.firstUse = false;
    count(kernelName);
    const copies: TensorInfo[] = [];
    const copyIn = (info: TensorInfo): TensorInfo => {
      const copy = cpu.makeTensorInfo(info.shape, info.dtype, embedded.readSync(info.dataId) as Values);
      copies.push(copy);
      return copy;
    };
    const cpuInputs = Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, info && copyIn(info)]));
    const result = kernel.kernelFunc({
      inputs: cpuInputs as typeof inputs,
      attrs: attrs ?? {},
      backend: cpu as unknown as object,
    });
    const outputs = Array.isArray(result) ? result : [result];
    const copied = outputs.map((output) =>
      embedded.makeOutput(output.shape, output.dtype, undefined, cpu.readSync(output.dataId) as Float32Array),
    );
    for (const info of [...outputs, ...copies]) cpu.disposeData(info.dataId);
    return Array.isArray(result) ? copied : (copied[0] as TensorInfo);
  };
}

function count(kernelName: string): void {
  const before = counts.get(kernelName) ?? 0;
  counts.set(kernelName, before + 1);
  if (before === 0) {
    process.stderr.write(`layerscope: ${kernelName} has no WebAssembly kernel and runs in JavaScript.\n`);
  }
}
