import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SharedKernels } from "./threadProtocol.js";
import { ThreadTeam } from "./threadTeam.js";
import type { WasmModule } from "./wasmModule.js";

type Pointer = number;
type PoolingSizes = readonly [
  batch: number,
  height: number,
  width: number,
  channels: number,
  outHeight: number,
  outWidth: number,
  filterHeight: number,
  filterWidth: number,
  strideHeight: number,
  strideWidth: number,
  top: number,
  left: number,
];

type WinogradSizes = readonly [
  threads: number,
  block: number,
  outWidth: number,
  inChannels: number,
  outChannels: number,
];

/** What assembly/training.as exports beside the shared kernels; there is what each does. Pointers are byte offsets in the engine's memory. */
export interface TrainingModule {
  addBias(values: Pointer, bias: Pointer, rows: number, inner: number, low: number, high: number): void;
  convolveScratch(taps: number, outChannels: number): number;
  packFilter(filter: Pointer, taps: number, outChannels: number, panels: Pointer): void;
  addGroups(values: Pointer, groups: number, length: number): void;
  productScratch(positions: number, products: number, outChannels: number): number;
  normalize(
    x: Pointer,
    mean: Pointer,
    factor: Pointer,
    offset: Pointer,
    to: Pointer,
    rows: number,
    inner: number,
  ): void;
  withRow(
    operation: 0 | 1 | 2 | 3 | 4 | 5,
    swapped: boolean,
    full: Pointer,
    row: Pointer,
    to: Pointer,
    rows: number,
    inner: number,
  ): void;
  withScalar(
    operation: 0 | 1 | 2 | 3 | 4 | 5,
    swapped: boolean,
    full: Pointer,
    value: Pointer,
    to: Pointer,
    length: number,
  ): void;
  turnFilter(filter: Pointer, to: Pointer, positions: number, inChannels: number, outChannels: number): void;
  depthwiseGradient(
    wanted: 0 | 1,
    dy: Pointer,
    other: Pointer,
    to: Pointer,
    batch: number,
    height: number,
    width: number,
    channels: number,
    multiplier: number,
    outHeight: number,
    outWidth: number,
    filterHeight: number,
    filterWidth: number,
    strideHeight: number,
    strideWidth: number,
    dilationHeight: number,
    dilationWidth: number,
    top: number,
    left: number,
  ): void;
  fitImages(
    from: Pointer,
    to: Pointer,
    batch: number,
    height: number,
    width: number,
    channels: number,
    top: number,
    left: number,
    toHeight: number,
    toWidth: number,
  ): void;
  gemmScratch(n: number, k: number): number;
  repeatBlocks(from: Pointer, to: Pointer, outer: number, size: number, times: number): void;
  segmentSum(
    x: Pointer,
    segments: Pointer,
    to: Pointer,
    rows: number,
    inner: number,
    count: number,
    integer: 0 | 1,
  ): void;
  maxPool(x: Pointer, to: Pointer, ...sizes: PoolingSizes): void;
  averagePool(x: Pointer, to: Pointer, ...sizes: PoolingSizes): void;
  maxPoolGradient(x: Pointer, dy: Pointer, dx: Pointer, ...sizes: PoolingSizes): void;
  averagePoolGradient(dy: Pointer, dx: Pointer, ...sizesAndDivisor: [...PoolingSizes, number]): void;
  clamp(x: Pointer, to: Pointer, length: number, low: number, high: number): void;
  clampGradient(x: Pointer, dy: Pointer, dx: Pointer, length: number, low: number, high: number): void;
  floatsOfBytes(from: Pointer, to: Pointer, length: number): void;
  rectify(x: Pointer, to: Pointer, length: number): void;
  resizeGradient(
    dy: Pointer,
    dx: Pointer,
    batch: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    table: Pointer,
  ): void;
  sumMiddle(
    x: Pointer,
    to: Pointer,
    outer: number,
    length: number,
    inner: number,
    scratch: Pointer,
    divisor: number,
  ): void;
  winogradFilter(filter: Pointer, inChannels: number, outChannels: number, panels: Pointer, scratch: Pointer): void;
  winogradFilterScratch(...sizes: WinogradSizes): number;
  winogradScratch(...sizes: WinogradSizes): number;
}

/** Our kernels, in the memory of tfjs's, and the threads that share their work. */
export function startTraining(folder: string, { memory }: WasmModule): { training: TrainingModule; team: ThreadTeam } {
  const module = new WebAssembly.Module(readFileSync(join(folder, "training.wasm")));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return {
    training: exports as unknown as TrainingModule,
    team: new ThreadTeam(folder, module, memory, exports as unknown as SharedKernels),
  };
}
