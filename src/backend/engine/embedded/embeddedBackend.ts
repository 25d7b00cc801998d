import { join } from "node:path";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { embeddedMarker } from "../describe.js";
import { instantiateTraining, type TrainingModule } from "./trainingModule.js";
import { instantiateWasm, type WasmModule } from "./wasmModule.js";

/** tfjs's WebAssembly backend, and beside it, in the same memory, the kernels that training needs. */
export class EmbeddedBackend extends BackendWasm {
  /** Tells `describeEngine` what computes, whatever name it was registered under. */
  readonly [embeddedMarker] = true as const;
  readonly module: WasmModule;
  readonly training: TrainingModule;
  #scratch = { at: 0, bytes: 0 };

  /** `folder` holds the .wasm files. */
  constructor(folder: string) {
    const module = instantiateWasm(join(folder, "tfjs-backend-wasm-simd.wasm"));
    super(module as unknown as BackendWasm["wasm"]);
    this.module = module;
    this.training = instantiateTraining(join(folder, "training.wasm"), module);
  }

  /** Where a tensor lies, in bytes. Not for strings. */
  offset({ dataId }: TensorInfo): number {
    return this.dataIdMap.get(dataId).memoryOffset;
  }

  zeros(shape: readonly number[], dtype: "float32" | "int32" = "float32"): TensorInfo {
    const output = this.makeOutput([...shape], dtype);
    this.typedArrayFromHeap(output).fill(0);
    return output;
  }

  /** Memory for use within one kernel call. */
  scratch(bytes: number): number {
    if (bytes > this.#scratch.bytes) {
      if (this.#scratch.at !== 0) this.module._free(this.#scratch.at);
      this.#scratch = { at: this.module._malloc(bytes) >>> 0, bytes };
      if (this.#scratch.at === 0) {
        this.#scratch.bytes = 0;
        throw new Error(`The embedded engine has no ${bytes} bytes left; it can use 4 GB. Train with smaller batches.`);
      }
    }
    return this.#scratch.at;
  }
}
