import { readFileSync } from "node:fs";

/**
 * The WebAssembly module of tfjs-backend-wasm, instantiated synchronously.
 *
 * The package's own glue is asynchronous and adds listeners for uncaught exceptions to the process; a script may
 * make tensors in the line after `require`, and its exceptions are its own. The module needs seven imports.
 */

type WasmFunction = (...values: number[]) => number;
type WrappedArgument = number | string | Uint8Array | null;
type Wrapped = (...values: WrappedArgument[]) => number;

/** What BackendWasm and its kernels use of the emscripten module. */
export interface WasmModule {
  HEAPU8: Uint8Array;
  readonly memory: WebAssembly.Memory;
  readonly _malloc: WasmFunction;
  readonly _free: WasmFunction;
  readonly cwrap: (name: string, returnType: string | null, argumentTypes: readonly string[]) => Wrapped;
  readonly tfjs: {
    readonly initWithThreadsCount: WasmFunction;
    readonly getThreadsCount: WasmFunction;
    readonly registerTensor: WasmFunction;
    readonly disposeData: WasmFunction;
    readonly dispose: WasmFunction;
  };
}

const pageBytes = 65_536;
const heapLimitBytes = 4_294_901_760;
const growStepBytes = 96 * 1024 * 1024;

export function instantiateWasm(file: string): WasmModule {
  const written: Record<number, number[]> = { 1: [], 2: [] };
  let memory: WebAssembly.Memory;
  const heap = () => new Uint8Array(memory.buffer);

  /** Growing by a fifth keeps the number of growths (and of remapped pages) low. */
  function resizeHeap(requested: number): number {
    const wantedBytes = requested >>> 0;
    const presentBytes = memory.buffer.byteLength;
    if (wantedBytes > heapLimitBytes) return 0;
    for (const part of [0.2, 0.1, 0.05, 0]) {
      const roomyBytes = Math.min(presentBytes * (1 + part), wantedBytes + growStepBytes);
      const targetBytes = Math.min(heapLimitBytes, Math.max(wantedBytes, roomyBytes));
      try {
        memory.grow(Math.ceil((targetBytes - presentBytes) / pageBytes));
        wasm.HEAPU8 = heap();
        return 1;
      } catch {
        // Try again with less.
      }
    }
    return 0;
  }

  /** The kernels only ever write warnings; stdout belongs to the script. */
  function write(stream: number, vectors: number, count: number, writtenAt: number): number {
    const view = new DataView(memory.buffer);
    let total = 0;
    for (let index = 0; index < count; index++) {
      const from = view.getUint32((vectors >>> 0) + 8 * index, true);
      const length = view.getUint32((vectors >>> 0) + 8 * index + 4, true);
      const line = written[stream] ?? [];
      for (const byte of heap().subarray(from, from + length)) {
        if (byte !== 0 && byte !== 10) line.push(byte);
        else if (line.length > 0) process.stderr.write(`${Buffer.from(line.splice(0)).toString()}\n`);
      }
      total += length;
    }
    view.setUint32(writtenAt >>> 0, total, true);
    return 0;
  }

  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {
    env: {
      abort: () => {
        throw new WebAssembly.RuntimeError("The embedded engine's kernels aborted.");
      },
      emscripten_get_heap_max: () => heapLimitBytes | 0,
      emscripten_memcpy_big: (to: number, from: number, size: number) => {
        wasm.HEAPU8.copyWithin(to >>> 0, from >>> 0, (from + size) >>> 0);
      },
      emscripten_resize_heap: resizeHeap,
    },
    wasi_snapshot_preview1: { fd_close: () => 52, fd_seek: () => 70, fd_write: write },
  });
  const { exports } = instance;
  const call = (name: string) => exports[name] as WasmFunction;
  const malloc = call("malloc");
  memory = exports.memory as WebAssembly.Memory;

  /** tfjs does not look whether it got memory, and would write to address 0. */
  function allocate(...[bytes = 0]: number[]): number {
    const at = bytes <= heapLimitBytes ? malloc(bytes) : 0;
    if (at === 0 && bytes > 0) {
      throw new Error(
        `The embedded engine needs ${bytes} bytes more and can have 4 GB in all. Train with smaller batches.`,
      );
    }
    return at;
  }

  function cwrap(name: string, _returnType: string | null, argumentTypes: readonly string[]): Wrapped {
    const target = call(name);
    if (!argumentTypes.some((type) => type === "array" || type === "string")) return target as Wrapped;
    const [save, restore, allocate] = [call("stackSave"), call("stackRestore"), call("stackAlloc")];
    return (...values) => {
      const stack = save();
      const lowered = values.map((value, index) => {
        const type = argumentTypes[index];
        if (type !== "array" && type !== "string") return Number(value);
        const bytes = typeof value === "string" ? Buffer.from(`${value}\0`) : (value as Uint8Array);
        const at = allocate(bytes.length) >>> 0;
        wasm.HEAPU8.set(bytes, at);
        return at;
      });
      const result = target(...lowered);
      restore(stack);
      return result;
    };
  }

  const wasm: WasmModule = {
    HEAPU8: heap(),
    memory,
    _malloc: allocate,
    _free: call("free"),
    cwrap,
    tfjs: {
      initWithThreadsCount: call("init_with_threads_count"),
      getThreadsCount: call("get_threads_count"),
      registerTensor: call("register_tensor"),
      disposeData: call("dispose_data"),
      dispose: call("dispose"),
    },
  };
  call("__wasm_call_ctors")();
  return wasm;
}
