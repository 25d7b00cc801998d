/** The part of the WebAssembly API that is used; TypeScript has it only together with the whole DOM. */
declare namespace WebAssembly {
  interface Module {
    readonly exports?: never;
  }
  var Module: new (bytes: Uint8Array | ArrayBuffer) => Module;
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  var Memory: new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => Memory;
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  var Instance: new (module: Module, imports?: Record<string, Record<string, unknown>>) => Instance;
  var RuntimeError: new (message?: string) => Error;
  function validate(bytes: Uint8Array | ArrayBuffer): boolean;
}
