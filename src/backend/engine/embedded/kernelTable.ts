import type { KernelConfig } from "@tensorflow/tfjs-core";

/** Kernels by name, as tfjs-backend-wasm registers them and as we replace or add them. */
export const kernelTable = new Map<string, KernelConfig>();

/** Takes the place of tfjs-core's in this bundle, so that kernels are bound when and under which names we choose. */
export function registerKernel(config: KernelConfig): void {
  if (config.kernelName) kernelTable.set(config.kernelName, config);
}
