/** The part of WebAssembly's own types that is needed; they come only with the DOM's. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface WebAssemblyObject {
  Module: new (binary: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: object };
  Memory: new (descriptor: { initial: number; maximum: number; shared: boolean }) => KernelMemory;
}

/**
 * Memory for modules that import it, as large as it is made or as `mostPages` says; null without WebAssembly. It is shared,
 * as the embedded engine's is, so that growing it takes no buffer away: once any buffer has been taken away, V8 compiles
 * the whole script's typed arrays for that case, and training on tfjs-node became a tenth slower.
 */
export function createMemory(pages: number, mostPages = pages): KernelMemory | null {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyObject };
  if (WebAssembly === undefined) return null;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: mostPages, shared: true });
  } catch {
    // The process may have no room for so many addresses.
    return null;
  }
}

/**
 * Exports of a module compiled by build.mjs, of type `Exports`, working in `memory`; null where the platform lacks
 * WebAssembly SIMD.
 */
export function instantiate<Exports extends object>(base64: string, memory: KernelMemory): Exports | null {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyObject };
  if (WebAssembly === undefined) return null;
  try {
    const binary = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } }).exports as Exports;
  } catch {
    return null;
  }
}
