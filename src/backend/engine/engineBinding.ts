import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { NativeChoice } from "./nativeEngine.js";

/** The part of tfjs-core's engine that takes backends; the same since version 1. */
interface BackendTaker {
  readonly registry: Record<string, object>;
  readonly registryFactory: Record<string, object>;
  registerBackend(name: string, factory: () => object, priority: number): boolean;
}

/** Above every backend of tfjs itself (tfjs-node has 3). */
const priority = 100;
const load = createRequire(__filename);

/** Engines that have the embedded backend already. */
const bound = new WeakSet<object>();
/** Why the embedded backend could not be made. */
const failures = new WeakMap<object, string>();

/** Why this engine, which was to compute on the embedded backend, does not; null where it does. */
export function embeddedFailure(engine: object): string | null {
  return failures.get(engine) ?? null;
}

/** `tensorflow` is tfjs-node's name for itself: a script's `tf.setBackend("tensorflow")` stays valid. */
export function bindEmbedded(engine: object, folder: string): void {
  if (bound.has(engine)) return;
  bound.add(engine);
  const create = () => {
    try {
      return (load(join(folder, "main.cjs")) as typeof import("./embedded/main.js")).createEmbedded();
    } catch (error) {
      failures.set(engine, error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
  const { registry, registryFactory } = engine as BackendTaker;
  for (const [index, name] of ["wasm", "tensorflow"].entries()) {
    // One that was registered and never used makes way; one that holds tensors stays.
    if (!registry[name]) delete registryFactory[name];
    if (!registryFactory[name]) (engine as BackendTaker).registerBackend(name, create, priority - index);
  }
}

/** Gives a script on plain tfjs the kernels of tfjs-node. */
export function bindNative(engine: object, choose: () => Exclude<NativeChoice, { kind: "none" }>): void {
  const create = () => {
    const { entry, addon } = choose();
    const folder = dirname(entry);
    load(join(folder, "register_all_kernels.js"));
    const { NodeJSKernelBackend } = load(join(folder, "nodejs_kernel_backend.js")) as {
      NodeJSKernelBackend: new (binding: unknown, packageName: string) => object;
    };
    return new NodeJSKernelBackend(load(addon), "@tensorflow/tfjs-node");
  };
  (engine as BackendTaker).registerBackend("tensorflow", create, priority);
}

/** tfjs-node is about to register itself under its name; a backend that is there already would stay. */
export function unbind(engine: object): void {
  const { registry, registryFactory } = engine as BackendTaker;
  if (!registry.tensorflow) delete registryFactory.tensorflow;
  bound.delete(engine);
}
