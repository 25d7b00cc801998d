/** The part of the WebAssembly API that is used; TypeScript has it only together with the whole DOM. */
// biome-ignore lint/style/noNamespace: the global is one
declare namespace WebAssembly {
  interface Module {
    readonly exports?: never;
  }
  let Module: new (bytes: Uint8Array | ArrayBuffer) => Module;
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  let Memory: new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => Memory;
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  let Instance: new (module: Module, imports?: Record<string, Record<string, unknown>>) => Instance;
  let RuntimeError: new (message?: string) => Error;
  function validate(bytes: Uint8Array | ArrayBuffer): boolean;
}
