import type { KernelMemory } from "../../kernels/instantiate.js";

/** What the helper is started with. */
export interface ReducerData {
  /** The engine's, which tensors lie in. */
  readonly memory: KernelMemory;
  readonly board: SharedArrayBuffer;
  /** A part of the memory that is the helper's. */
  readonly room: { readonly at: number; readonly bytes: number };
}
