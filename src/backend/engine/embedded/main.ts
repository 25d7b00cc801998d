import type { KernelConfig } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm/dist/register_all_kernels";
import { missingKernel } from "./cpuFallback.js";
import { EmbeddedBackend } from "./embeddedBackend.js";
import { replaceClipGradient, replaceGradients } from "./gradients.js";
import { orJavaScript } from "./javaScriptKernels.js";
import { gradientRegistry, kernelRegistry, kernelTable } from "./kernelTable.js";
import "./kernels/index.js";

export { fallbackCounts } from "./cpuFallback.js";

/** Names under which the kernels can be found; the second is tfjs-node's, for scripts that ask for it. */
const backendNames = ["wasm", "tensorflow"];
/** Kernels that do not look at values, or that are there for complex numbers. */
const anyType = new Set(["Identity", "Reshape", "ExpandDims", "Complex", "Real", "Imag"]);
let backend: EmbeddedBackend | null = null;

/** The embedded engine, made when the first tensor is; registers its kernels for whichever tfjs-core is loaded. */
export function createEmbedded(): EmbeddedBackend {
  if (backend !== null && !backend.isDisposed) return backend;
  backend = new EmbeddedBackend(__dirname);
  const registry = kernelRegistry();
  addMissing(registry);
  replaceGradients(gradientRegistry());
  replaceClipGradient(gradientRegistry());
  for (const backendName of backendNames) {
    for (const [name, config] of kernelTable) {
      const kernelFunc = anyType.has(name) ? config.kernelFunc : orJavaScript(name, config.kernelFunc, registry);
      registry.set(`${backendName}_${name}`, { ...config, backendName, kernelFunc });
    }
  }
  return backend;
}

/** What only the JavaScript backend has runs there. */
function addMissing(registry: Map<string, KernelConfig>): void {
  for (const key of [...registry.keys()].filter((name) => name.startsWith("cpu_"))) {
    const kernelName = key.slice("cpu_".length);
    if (kernelTable.has(kernelName)) continue;
    kernelTable.set(kernelName, { kernelName, backendName: "wasm", kernelFunc: missingKernel(kernelName) });
  }
}
