import { join } from "node:path";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { embeddedMarker } from "../describe.js";
import { instantiateTraining, type TrainingModule } from "./trainingModule.js";
import { instantiateWasm, type WasmModule } from "./wasmModule.js";

type TypedArray = ReturnType<BackendWasm["typedArrayFromHeap"]>;

/** tfjs's WebAssembly backend, and beside it, in the same memory, the kernels that training needs. */
export class EmbeddedBackend extends BackendWasm {
  /** Tells `describeEngine` what computes, whatever name it was registered under. */
  readonly [embeddedMarker] = true as const;
  readonly module: WasmModule;
  readonly training: TrainingModule;
  isDisposed = false;
  #scratch = { at: 0, bytes: 0 };

  /** `folder` holds the .wasm files. */
  constructor(folder: string) {
    const module = instantiateWasm(join(folder, "tfjs-backend-wasm-simd.wasm"));
    super(module as unknown as BackendWasm["wasm"]);
    this.module = module;
    this.training = instantiateTraining(join(folder, "training.wasm"), module);
  }

  /** Complex numbers lie as pairs. */
  override typedArrayFromHeap(info: TensorInfo): TypedArray {
    if (info.dtype !== "complex64") return super.typedArrayFromHeap(info);
    return new Float32Array(this.module.HEAPU8.buffer, this.offset(info), util.sizeFromShape(info.shape) * 2);
  }

  override readSync(dataId: object, start?: number, end?: number): ReturnType<BackendWasm["readSync"]> {
    const { shape, dtype } = this.dataIdMap.get(dataId);
    if (dtype !== "complex64") return super.readSync(dataId, start, end);
    return this.typedArrayFromHeap({ dataId, shape, dtype }).slice();
  }

  /** Where a tensor lies, in bytes. Not for strings. */
  offset({ dataId }: TensorInfo): number {
    return this.dataIdMap.get(dataId).memoryOffset;
  }

  /** The same values under another shape; tensors are never changed. */
  share({ dataId, dtype }: TensorInfo, shape: number[]): TensorInfo {
    this.incRef(dataId);
    return { dataId, shape, dtype };
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

  /** Under two names it is disposed of twice. */
  override dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    super.dispose();
  }
}
