import { join } from "node:path";
import { engine as currentEngine, type KernelConfig } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm/dist/register_all_kernels";
import { cpuFallback } from "./cpuFallback.js";
import { EmbeddedBackend } from "./embeddedBackend.js";
import { kernelTable } from "./kernelTable.js";
import "./kernels/index.js";

const wasmFile = join(__dirname, "tfjs-backend-wasm-simd.wasm");
/** `tensorflow` is tfjs-node's name for itself: `tf.setBackend("tensorflow")` stays valid. */
const backendNames = ["wasm", "tensorflow"];
const priority = 100;

type Engine = ReturnType<typeof currentEngine>;
let backend: EmbeddedBackend | null = null;

/** Registers the embedded engine with tfjs-core's engine; made when it is first used, or at once with `activate`. */
export function bindEmbedded(activate: boolean): void {
  const engine: Engine = currentEngine();
  for (const [index, name] of backendNames.entries()) {
    engine.registerBackend(name, () => create(), priority - index);
  }
  if (activate) void engine.setBackend("wasm");
}

function create(): EmbeddedBackend {
  if (backend) return backend;
  backend = new EmbeddedBackend(wasmFile);
  const registry = kernelRegistry();
  for (const key of [...registry.keys()].filter((name) => name.startsWith("cpu_"))) {
    const kernelName = key.slice("cpu_".length);
    if (!kernelTable.has(kernelName)) {
      const kernelFunc = cpuFallback(kernelName, (name) => registry.get(`cpu_${name}`));
      kernelTable.set(kernelName, { kernelName, backendName: "wasm", kernelFunc });
    }
  }
  for (const backendName of backendNames) {
    for (const [name, config] of kernelTable) registry.set(`${backendName}_${name}`, { ...config, backendName });
  }
  return backend;
}

/** The registry that all copies of tfjs-core in this process share. */
function kernelRegistry(): Map<string, KernelConfig> {
  const { _tfGlobals } = globalThis as unknown as { _tfGlobals: Map<string, Map<string, KernelConfig>> };
  return _tfGlobals.get("kernelRegistry") as Map<string, KernelConfig>;
}
