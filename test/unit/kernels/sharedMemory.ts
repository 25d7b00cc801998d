import { createMemory } from "../../../src/kernels/instantiate.js";
import { kernelsIn } from "../../../src/kernels/kernels.js";
import type { KernelValues } from "../../../src/kernels/measured.js";

const pages = 512;
/** Behind everything that the kernels have for themselves, and on no boundary of a vector. */
const placesAt = [24 * 2 ** 20 + 4, 28 * 2 ** 20 + 12] as const;

/** Kernels in memory as the embedded engine's is, and places in it for the values of two tensors. */
export function sharedMemory() {
  const memory = createMemory(pages);
  let used = 1024;
  const kernels =
    memory === null
      ? null
      : kernelsIn({
          memory,
          allocate(bytes) {
            const at = used;
            used += Math.ceil(bytes / 16) * 16;
            return at;
          },
        });
  if (memory === null || kernels === null) throw new Error("no WebAssembly SIMD");
  return {
    kernels,
    place<Values extends KernelValues>(values: Values, at: 0 | 1 = 0): Values {
      const Type = values.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => Values;
      const placed = new Type(memory.buffer, placesAt[at], values.length);
      placed.set(values);
      return placed;
    },
  };
}
