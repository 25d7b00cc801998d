import { isNativeBackend } from "../hooks/nativeBackend.js";
import type { BackendLike } from "../hooks/tensorflow.js";
import { TensorReader } from "../hooks/tensorReader.js";
import type { BatchNormKernel } from "./batchNormKernel.js";
import { isRight } from "./checkBatchNorm.js";
import { EmbeddedBatchNorm } from "./embeddedBatchNorm.js";
import { isEmbeddedBackend, kernelsIn } from "./embeddedMemory.js";
import type { FastEngine } from "./fastEngine.js";
import { NativeBatchNorm } from "./nativeBatchNorm.js";

/** The fused kernel of each backend; null where there is none, or none that computes as it should on this machine. */
export function batchNormKernels(engine: FastEngine): (backend: BackendLike | null) => BatchNormKernel | null {
  const reader = new TensorReader(engine);
  return perBackend((backend) => proven(batchNormKernel(engine, backend), (kernel) => isRight(kernel, engine, reader)));
}

/** Makes what is made for a backend once. */
export function perBackend<Made>(make: (backend: BackendLike) => Made): (backend: BackendLike | null) => Made | null {
  const made = new WeakMap<BackendLike, { readonly it: Made }>();
  return (backend) => {
    if (backend === null) return null;
    const known = made.get(backend) ?? { it: make(backend) };
    made.set(backend, known);
    return known.it;
  };
}

/** What has been made, if it computes as it should on this machine; null otherwise. */
export function proven<Made>(made: Made | null, check: (made: Made) => boolean): Made | null {
  try {
    return made !== null && check(made) ? made : null;
  } catch {
    return null;
  }
}

/** The fused kernel of a backend, not looked at more closely. Null where there is none. */
export function batchNormKernel(engine: FastEngine, backend: BackendLike): BatchNormKernel | null {
  if (isNativeBackend(backend)) return new NativeBatchNorm(engine, backend);
  const kernels = isEmbeddedBackend(backend) ? kernelsIn(backend) : null;
  return kernels !== null && isEmbeddedBackend(backend) ? new EmbeddedBatchNorm(engine, backend, kernels) : null;
}
