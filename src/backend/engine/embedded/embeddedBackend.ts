import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import { embeddedMarker } from "../describe.js";
import { instantiateWasm, type WasmModule } from "./wasmModule.js";

/** tfjs's WebAssembly backend with complex numbers (interleaved), and an error where memory runs out. */
export class EmbeddedBackend extends BackendWasm {
  /** Tells `describeEngine` what computes, whatever name it was registered under. */
  readonly [embeddedMarker] = true as const;
  readonly module: WasmModule;

  constructor(wasmFile: string) {
    const module = instantiateWasm(wasmFile);
    super(module as unknown as BackendWasm["wasm"]);
    this.module = module;
  }
}
