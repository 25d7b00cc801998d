import type { KernelHome } from "./home.js";
import {
  type ChannelRoom,
  channelsIn,
  completeOptions,
  isFloat32,
  isIn,
  type KernelValues,
  type Measured,
  type MeasureOptions,
} from "./measured.js";
import { type DifferenceNorm, differenceNormPlain, type Norm, normPlain } from "./norms.js";
import { measurePlain } from "./plain.js";

/** What `assembly/statistics.as` exports. Pointers are byte offsets in the memory it works in. */
export interface StatisticsExports {
  layout(at: number, base: number, capacity: number): void;
  begin(lanes: number, mode: number): void;
  add(at: number, rows: number, stride: number, lane: number, lanes: number, rowsAtOnce: number, mode: number): void;
  fold(lanes: number, channels: number, runs: boolean, perChannel: number, mode: number): void;
  rest(at: number, length: number, lane: number, mode: number): void;
  clearNorms(): void;
  addNorm(at: number, length: number): void;
  addDifference(a: number, b: number, length: number): void;
}

const modes = { none: 0, tanh: 1, sigmoid: 2, integer: 3 } as const;
const resultBytes = 144;
/** Where `fold` leaves its float64. */
const foldedAt = 8;
const chunkLength = 32_768;
/** A piece of this many values stays in the first-level cache while its columns are visited. */
const pieceLength = 4096;
const laneBytes = 36;
const leastCapacity = 256;

/**
 * Statistics of tensor values in one pass, by WebAssembly SIMD with float64 sums. Values that do not lie in the kernel's
 * memory are copied into it once, in pieces.
 */
export class StatisticsKernel {
  private capacity = 0;
  private results = 0;
  private lanes = 0;
  private chunk: number | null = null;
  /** The memory as far as it is ours, from the results on. */
  private doubles = new Float64Array(0);

  /** @param place null where the plain twin does the work */
  constructor(private readonly place: { readonly wasm: StatisticsExports; readonly home: KernelHome } | null) {}

  get isSimd(): boolean {
    return this.place !== null;
  }

  /**
   * Moments, extremes, zeros, saturation, NaN and Inf of `values`, over all and per channel.
   * @param room where the numbers of channels are put; default: memory of their own
   * @throws RangeError when the number of values is not a multiple of channels × inner.
   */
  measure(values: KernelValues, options: MeasureOptions = {}, room?: ChannelRoom): Measured {
    const complete = completeOptions(values.length, options);
    if (this.place === null) return measurePlain(values, complete);
    const { wasm, home } = this.place;
    const { channels, inner, saturation } = complete;
    const mode = isFloat32(values) ? modes[saturation] : modes.integer;
    // A channel owns several lanes when channels are not a multiple of 4 (or come in runs), so that rows stay whole vectors.
    const width = inner === 1 ? channels * (channels % 4 === 0 ? 1 : channels % 2 === 0 ? 2 : 4) : channels * 4;
    const lanes = inner === 1 ? Math.min(width, (Math.max(values.length, channels) + 3) & ~3) : width;
    this.reserve(wasm, home, lanes + 4);
    wasm.begin(lanes, mode);
    if (inner === 1) this.addRows(wasm, home, values, width, mode);
    else this.addRuns(wasm, home, values, channels, inner, mode);
    wasm.fold(lanes, channels, inner > 1, values.length / channels, mode);
    return this.read(home, values.length, complete, room);
  }

  /** Sums over `values` in float64: squares in the unit squared, absolute values in the unit. NaN and Inf go into them. */
  norm(values: Float32Array): Norm {
    if (this.place === null) return normPlain(values);
    const { wasm, home } = this.place;
    this.reserve(wasm, home, 4);
    wasm.clearNorms();
    const most = isIn(home.memory, values) ? values.length : chunkLength;
    for (let at = 0; at < values.length; at += most) {
      const length = Math.min(most, values.length - at);
      wasm.addNorm(this.at(home, values, at, length), length);
    }
    const doubles = this.view(home);
    return {
      sumSquares: doubles[0] as number,
      sumAbs: doubles[1] as number,
      nonfinite: doubles[2] as number,
    };
  }

  /**
   * Σ(a − b)², taken in float64, and how many differences are NaN or Inf.
   * @throws RangeError when the lengths differ.
   */
  differenceNorm(a: Float32Array, b: Float32Array): DifferenceNorm {
    if (a.length !== b.length) {
      throw new RangeError(`differenceNorm: got ${a.length} and ${b.length} values, wanted as many of both.`);
    }
    if (this.place === null) return differenceNormPlain(a, b);
    const { wasm, home } = this.place;
    this.reserve(wasm, home, 4);
    wasm.clearNorms();
    const half = chunkLength / 2;
    const most = isIn(home.memory, a) && isIn(home.memory, b) ? a.length : half;
    for (let at = 0; at < a.length; at += most) {
      const length = Math.min(most, a.length - at);
      wasm.addDifference(this.at(home, a, at, length), this.at(home, b, at, length, half), length);
    }
    const doubles = this.view(home);
    return { sumSquares: doubles[0] as number, nonfinite: doubles[2] as number };
  }

  private read(
    home: KernelHome,
    count: number,
    { channels, saturation }: Required<MeasureOptions>,
    room: ChannelRoom | undefined,
  ): Measured {
    const doubles = this.view(home);
    const folded = (at: number): number => doubles[foldedAt + at] as number;
    const firstLost = folded(5);
    const means = (this.lanes - this.results) / 8;
    return {
      count,
      finiteCount: folded(0),
      nanCount: folded(9),
      infCount: count - folded(0) - folded(9),
      mean: folded(1),
      variance: folded(2),
      min: folded(6),
      max: folded(7),
      zeroFraction: folded(3) / count,
      saturatedFraction: saturation === "none" ? undefined : folded(8) / count,
      deadFraction: count === 0 ? Number.NaN : folded(4) / channels,
      channelMean: channels === 1 ? undefined : channelsIn(doubles, means, channels, room, "mean"),
      channelVariance:
        channels === 1 ? undefined : channelsIn(doubles, means + 2 * this.capacity, channels, room, "variance"),
      firstNonfiniteChannel: firstLost < 0 ? null : firstLost,
    };
  }

  /** Channel axis last: rows of `width` values, whole vectors first, the last three values at most one by one. */
  private addRows(wasm: StatisticsExports, home: KernelHome, values: KernelValues, width: number, mode: number): void {
    const rowsAtOnce = Math.max(8, Math.floor(pieceLength / width));
    const most = isIn(home.memory, values) ? values.length : chunkLength;
    const step = width <= most ? Math.floor(most / width) * width : most;
    for (let at = 0; at < values.length; ) {
      const lane = at % width;
      const length = Math.min(step, values.length - at, lane === 0 ? step : width - lane);
      const place = this.at(home, values, at, length);
      const rows = lane === 0 ? Math.floor(length / width) : 0;
      if (rows > 0) wasm.add(place, rows, width * 4, 0, width, rowsAtOnce, mode);
      const done = rows * width;
      const whole = (length - done) & ~3;
      if (whole > 0) wasm.add(place + done * 4, 1, 0, lane, whole, 1, mode);
      wasm.rest(place + (done + whole) * 4, length - done - whole, lane + whole, mode);
      at += length;
    }
  }

  /** Channel axis not last: runs of `inner` values of one channel, four lanes a channel. */
  private addRuns(
    wasm: StatisticsExports,
    home: KernelHome,
    values: KernelValues,
    channels: number,
    inner: number,
    mode: number,
  ): void {
    const most = isIn(home.memory, values) ? values.length : chunkLength;
    for (let at = 0; at < values.length; at += most) {
      const length = Math.min(most, values.length - at);
      const place = this.at(home, values, at, length);
      for (let from = 0; from < length; ) {
        const run = Math.floor((at + from) / inner);
        const some = Math.min(length - from, (run + 1) * inner - at - from);
        const lane = (run % channels) * 4;
        const rows = some >> 2;
        if (rows > 0) wasm.add(place + from * 4, rows, 16, lane, 4, rows, mode);
        wasm.rest(place + (from + rows * 4) * 4, some & 3, lane, mode);
        from += some;
      }
    }
  }

  /** Where values lie that the kernel is to read: their own place, or that of a copy, so many values behind its beginning. */
  private at(home: KernelHome, values: KernelValues, from: number, length: number, behind = 0): number {
    if (isIn(home.memory, values)) return values.byteOffset + from * 4;
    this.chunk ??= home.allocate(chunkLength * 4);
    const at = this.chunk + behind * 4;
    const Target = isFloat32(values) ? Float32Array : Int32Array;
    const all = from === 0 && length === values.length;
    new Target(home.memory.buffer, at, length).set(all ? values : values.subarray(from, from + length));
    return at;
  }

  /** Makes room for the lanes. */
  private reserve(wasm: StatisticsExports, home: KernelHome, lanes: number): void {
    if (lanes <= this.capacity) return;
    this.capacity = Math.ceil(Math.max(lanes, this.capacity * 2, leastCapacity) / 4) * 4;
    this.results = home.allocate(resultBytes + this.capacity * laneBytes);
    this.lanes = this.results + resultBytes;
    wasm.layout(this.results, this.lanes, this.capacity);
    this.doubles = new Float64Array(0);
  }

  /** Growing memory leaves views behind. */
  private view({ memory }: KernelHome): Float64Array {
    if (this.doubles.buffer !== memory.buffer) {
      const length = Math.floor((resultBytes + this.capacity * laneBytes) / 8);
      this.doubles = new Float64Array(memory.buffer, this.results, length);
    }
    return this.doubles;
  }
}
