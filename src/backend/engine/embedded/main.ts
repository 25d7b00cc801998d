import type { KernelConfig } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm/dist/register_all_kernels";
import { cpuFallback } from "./cpuFallback.js";
import { EmbeddedBackend } from "./embeddedBackend.js";
import { kernelRegistry, kernelTable } from "./kernelTable.js";
import "./kernels/index.js";

/** Names under which the kernels can be found; the second is tfjs-node's, for scripts that ask for it. */
const backendNames = ["wasm", "tensorflow"];
let backend: EmbeddedBackend | null = null;

/** The embedded engine, made when the first tensor is; registers its kernels for whichever tfjs-core is loaded. */
export function createEmbedded(): EmbeddedBackend {
  if (backend) return backend;
  backend = new EmbeddedBackend(__dirname);
  const registry = kernelRegistry();
  addFallbacks(registry);
  for (const backendName of backendNames) {
    for (const [name, config] of kernelTable) registry.set(`${backendName}_${name}`, { ...config, backendName });
  }
  return backend;
}

/** What only the JavaScript backend has runs there. */
function addFallbacks(registry: Map<string, KernelConfig>): void {
  for (const key of [...registry.keys()].filter((name) => name.startsWith("cpu_"))) {
    const kernelName = key.slice("cpu_".length);
    if (kernelTable.has(kernelName)) continue;
    const kernelFunc = cpuFallback(kernelName);
    kernelTable.set(kernelName, { kernelName, backendName: "wasm", kernelFunc });
  }
}
