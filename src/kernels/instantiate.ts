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

/** Memory of fixed size for modules that import it, shared as the embedded engine's is; null without WebAssembly. */
export function createMemory(pages: number): KernelMemory | null {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyObject };
  return WebAssembly === undefined ? null : new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/**
 * Exports of a module compiled by build.mjs, of type `Exports`; null where the platform lacks WebAssembly SIMD.
 * `memory` is for a module that works in another one's.
 */
export function instantiate<Exports extends object>(base64: string, memory?: object): Exports | null {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly?: WebAssemblyObject };
  if (WebAssembly === undefined) return null;
  try {
    const binary = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(binary), memory === undefined ? {} : { env: { memory } })
      .exports as Exports;
  } catch {
    return null;
  }
}
