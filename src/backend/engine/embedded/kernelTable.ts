import type { GradConfig, KernelConfig, KernelFunc } from "@tensorflow/tfjs-core";

/** Kernels by name, as tfjs-backend-wasm registers them and as we replace or add them. */
export const kernelTable = new Map<string, KernelConfig>();

/** Takes the place of tfjs-core's in this bundle, so that kernels are bound when and under which names we choose. */
export function registerKernel(config: KernelConfig): void {
  if (config.kernelName) kernelTable.set(config.kernelName, config);
}

/** Adds a kernel that tfjs-backend-wasm lacks. */
export function addKernel(kernelName: string, kernelFunc: KernelFunc): void {
  kernelTable.set(kernelName, { kernelName, backendName: "wasm", kernelFunc });
}

/** Puts a faster kernel before one of tfjs-backend-wasm, which stays for what the faster one does not serve. */
export function replaceKernel(kernelName: string, replacement: (stock: KernelFunc) => KernelFunc): void {
  const stock = kernelTable.get(kernelName);
  if (stock === undefined) throw new Error(`tfjs-backend-wasm has no kernel ${kernelName}.`);
  kernelTable.set(kernelName, { ...stock, kernelFunc: replacement(stock.kernelFunc) });
}

/** The registries that all copies of tfjs-core in this process share. */
const shared = () => (globalThis as unknown as { _tfGlobals: Map<string, Map<string, unknown>> })._tfGlobals;

export function kernelRegistry(): Map<string, KernelConfig> {
  return shared().get("kernelRegistry") as Map<string, KernelConfig>;
}

export function gradientRegistry(): Map<string, GradConfig> {
  return shared().get("gradRegistry") as Map<string, GradConfig>;
}
