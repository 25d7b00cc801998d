import type { KernelMemory } from "./instantiate.js";

/** Memory that kernels work in. Values that lie in it are read where they are, all others are copied into it. */
export interface KernelHome {
  readonly memory: KernelMemory;
  /** Place of so many bytes for good; a multiple of 8. */
  allocate(bytes: number): number;
}

const pageBytes = 65_536;

/** Memory that a kernel has for itself: places follow each other. */
export function ownHome(memory: KernelMemory): KernelHome {
  let used = 0;
  return {
    memory,
    allocate(bytes) {
      const at = used;
      used += Math.ceil(bytes / 16) * 16;
      const missing = Math.ceil((used - memory.buffer.byteLength) / pageBytes);
      if (missing > 0) memory.grow(missing);
      return at;
    },
  };
}
