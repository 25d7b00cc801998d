import type { BackendLike } from "../hooks/tensorflow.js";
import { type EmbeddedBackendLike, isEmbeddedBackend } from "./embeddedMemory.js";
import type { FastEngine } from "./fastEngine.js";

/**
 * Lets the embedded engine compute convolutions and their gradients by Winograd's transforms, while gradients are
 * taken: inference stays as it is.
 */
export class TrainingConvolutions {
  constructor(
    private readonly engine: FastEngine,
    /** Whether a backend's transforms compute as they should on this machine. */
    private readonly isProven: (backend: BackendLike) => boolean | null,
  ) {}

  during<Result>(pass: () => Result): Result {
    const { backend, state } = this.engine;
    // Gradients of gradients come within the pass that is going on.
    if (state.gradientDepth > 0 || !isEmbeddedBackend(backend) || this.isProven(backend) !== true) return pass();
    return withWinograd(backend, pass);
  }
}

export function withWinograd<Result>(backend: EmbeddedBackendLike, compute: () => Result): Result {
  backend.allowsWinograd = true;
  try {
    return compute();
  } finally {
    backend.allowsWinograd = false;
  }
}
