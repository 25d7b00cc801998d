import { join } from "node:path";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import { engine, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { embeddedMarker } from "../describe.js";
import { PromisedEntry } from "./promisedEntry.js";
import type { ThreadTeam } from "./threadTeam.js";
import { startTraining, type TrainingModule } from "./trainingModule.js";
import { instantiateWasm, type WasmModule } from "./wasmModule.js";

type TypedArray = ReturnType<BackendWasm["typedArrayFromHeap"]>;

/** tfjs's WebAssembly backend, and beside it, in the same memory, the kernels that training needs. */
export class EmbeddedBackend extends BackendWasm {
  /** Tells `describeEngine` what computes, whatever name it was registered under. */
  readonly [embeddedMarker] = true as const;
  readonly module: WasmModule;
  readonly training: TrainingModule;
  readonly team: ThreadTeam;
  isDisposed = false;
  /** Whether convolutions may go through Winograd's transforms, which round differently. */
  allowsWinograd = false;
  readonly #promised = new WeakMap<PromisedEntry, readonly TensorInfo[]>();
  readonly #scratches: { readonly at: number; readonly bytes: number }[] = [];
  /** How many promises are being kept, one within the other. */
  #depth = 0;

  /** `folder` holds the .wasm files. */
  constructor(folder: string) {
    const module = instantiateWasm(join(folder, "tfjs-backend-wasm-simd.wasm"));
    super(module as unknown as BackendWasm["wasm"]);
    this.module = module;
    const { training, team } = startTraining(folder, module);
    this.training = training;
    this.team = team;
  }

  /** Complex numbers lie as pairs. */
  override typedArrayFromHeap(info: TensorInfo): TypedArray {
    // First of all: a promise that is kept may make the memory grow.
    const at = this.offset(info);
    const { buffer } = this.module.HEAPU8;
    const size = util.sizeFromShape(info.shape);
    switch (info.dtype) {
      case "float32":
        return new Float32Array(buffer, at, size);
      case "int32":
        return new Int32Array(buffer, at, size);
      case "bool":
        return new Uint8Array(buffer, at, size);
      case "complex64":
        return new Float32Array(buffer, at, size * 2);
      default:
        throw new Error(`Got a tensor of type ${info.dtype}, wanted numbers.`);
    }
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

  /** A tensor that is computed when it is first looked at. `inputs` are kept for as long as they may be needed. */
  promise(shape: number[], inputs: readonly TensorInfo[], compute: () => TensorInfo): TensorInfo {
    for (const { dataId } of inputs) this.incRef(dataId);
    const dataId = {};
    const entry = new PromisedEntry(shape, () => {
      this.#depth++;
      const made = compute();
      this.#depth--;
      const computed = this.dataIdMap.get(made.dataId);
      this.dataIdMap.delete(made.dataId);
      this.#release(inputs);
      return computed;
    });
    this.#promised.set(entry, inputs);
    this.dataIdMap.set(dataId, entry as never);
    return { dataId, shape, dtype: entry.dtype };
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry: unknown = this.dataIdMap.has(dataId) ? this.dataIdMap.get(dataId) : null;
    if (!(entry instanceof PromisedEntry) || entry.isKept) return super.disposeData(dataId, force);
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    this.dataIdMap.delete(dataId);
    this.#release(this.#promised.get(entry) ?? []);
    return true;
  }

  /** As tfjs's engine disposes of tensors: it counts buffers by what the backend says is gone. */
  #release(inputs: readonly TensorInfo[]): void {
    for (const { dataId } of inputs) if (this.disposeData(dataId)) engine().removeDataId(dataId, this);
  }

  /**
   * Memory for use within one kernel call. A promise that is kept in the middle of a kernel (an input's place was asked
   * for) has memory of its own.
   */
  scratch(bytes: number): number {
    const present = this.#scratches[this.#depth] ?? { at: 0, bytes: 0 };
    if (bytes <= present.bytes) return present.at;
    if (present.at !== 0) this.module._free(present.at);
    this.#scratches[this.#depth] = { at: 0, bytes: 0 };
    const at = this.module._malloc(bytes) >>> 0;
    this.#scratches[this.#depth] = { at, bytes };
    return at;
  }

  /** Under two names it is disposed of twice. */
  override dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    super.dispose();
  }
}
