import { statisticsModule } from "./generated/statisticsModule.js";
import { instantiate, type KernelMemory } from "./instantiate.js";
import { completeOptions, isFloat32, type KernelValues, type Measured, type MeasureOptions } from "./measured.js";
import { type DifferenceNorm, differenceNormPlain, type Norm, normPlain } from "./norms.js";
import { measurePlain } from "./plain.js";

/** What `assembly/*.as` exports. Pointers are byte offsets in `memory`. */
interface StatisticsExports {
  readonly memory: KernelMemory;
  layout(base: number, capacity: number): void;
  begin(lanes: number, mode: number): void;
  add(at: number, rows: number, stride: number, lane: number, lanes: number, rowsAtOnce: number, mode: number): void;
  fold(lanes: number, channels: number, runs: boolean, perChannel: number): void;
  rest(at: number, length: number, lane: number, mode: number): void;
  clearNorms(): void;
  addNorm(at: number, length: number): void;
  addDifference(a: number, b: number, length: number): void;
}

const modes = { none: 0, tanh: 1, sigmoid: 2, integer: 3 } as const;
const resultBytes = 128;
const chunkBytes = 131_072;
const chunkLength = chunkBytes / 4;
/** A piece of this many values stays in the first-level cache while its columns are visited. */
const pieceLength = 4096;
const laneBytes = 36;
const laneBase = resultBytes + chunkBytes;

/**
 * Statistics of tensor values in one pass, by WebAssembly SIMD with float64 sums.
 * Values are copied once, in pieces, into the kernel's own memory, which grows with the number of channels only.
 */
export class StatisticsKernel {
  private capacity = 0;
  private floats = new Float32Array(0);
  private integers = new Int32Array(0);
  private doubles = new Float64Array(0);

  private constructor(private readonly wasm: StatisticsExports | null) {
    if (wasm !== null) this.reserve(1024);
  }

  /** `plain` forces the JavaScript twin, which is also what runs where WebAssembly SIMD is missing. */
  static create(engine: "fastest" | "plain" = "fastest"): StatisticsKernel {
    return new StatisticsKernel(engine === "plain" ? null : instantiate<StatisticsExports>(statisticsModule));
  }

  get isSimd(): boolean {
    return this.wasm !== null;
  }

  /**
   * Moments, extremes, zeros, saturation, NaN and Inf of `values`, over all and per channel.
   * @throws RangeError when the number of values is not a multiple of channels × inner.
   */
  measure(values: KernelValues, options: MeasureOptions = {}): Measured {
    const complete = completeOptions(values.length, options);
    if (this.wasm === null) return measurePlain(values, complete);
    const { channels, inner, saturation } = complete;
    const isFloat = isFloat32(values);
    const mode = isFloat ? modes[saturation] : modes.integer;
    // A channel owns several lanes when channels are not a multiple of 4 (or come in runs), so that rows stay whole vectors.
    const width = inner === 1 ? channels * (channels % 4 === 0 ? 1 : channels % 2 === 0 ? 2 : 4) : channels * 4;
    const lanes = inner === 1 ? Math.min(width, (Math.max(values.length, channels) + 3) & ~3) : width;
    this.reserve(lanes + 4);
    this.wasm.begin(lanes, mode);
    if (inner === 1) this.addRows(this.wasm, values, width, mode);
    else this.addRuns(this.wasm, values, channels, inner, mode);
    this.wasm.fold(lanes, channels, inner > 1, values.length / channels);
    return this.read(values, complete);
  }

  /** Sums over `values` in float64: squares in the unit squared, absolute values in the unit. NaN and Inf go into them. */
  norm(values: Float32Array): Norm {
    if (this.wasm === null) return normPlain(values);
    this.wasm.clearNorms();
    for (let at = 0; at < values.length; at += chunkLength) {
      const length = Math.min(chunkLength, values.length - at);
      this.copy(values, at, length);
      this.wasm.addNorm(resultBytes, length);
    }
    const [sumSquares, sumAbs, nonfinite] = this.doubles.subarray(0, 3) as unknown as [number, number, number];
    return { sumSquares, sumAbs, nonfinite };
  }

  /**
   * Σ(a − b)², taken in float64, and how many differences are NaN or Inf.
   * @throws RangeError when the lengths differ.
   */
  differenceNorm(a: Float32Array, b: Float32Array): DifferenceNorm {
    if (a.length !== b.length) {
      throw new RangeError(`differenceNorm: got ${a.length} and ${b.length} values, wanted as many of both.`);
    }
    if (this.wasm === null) return differenceNormPlain(a, b);
    this.wasm.clearNorms();
    const half = chunkLength / 2;
    for (let at = 0; at < a.length; at += half) {
      const length = Math.min(half, a.length - at);
      this.copy(a, at, length);
      this.copy(b, at, length, half);
      this.wasm.addDifference(resultBytes, resultBytes + half * 4, length);
    }
    return { sumSquares: this.doubles[0] as number, nonfinite: this.doubles[2] as number };
  }

  private read(values: KernelValues, { channels, saturation }: Required<MeasureOptions>): Measured {
    const count = values.length;
    const [finiteCount, mean, variance, zeros, dead, firstLost] = this.doubles.subarray(8, 14) as unknown as Folded;
    const { integers } = this;
    const extremes = isFloat32(values) ? this.floats : integers;
    const none = finiteCount === 0;
    const nanCount = quadSum(integers, 12);
    const lanes = laneBase / 8;
    return {
      count,
      finiteCount,
      nanCount,
      infCount: count - finiteCount - nanCount,
      mean,
      variance,
      min: none ? Number.NaN : Math.min(...quad(extremes, 0)),
      max: none ? Number.NaN : Math.max(...quad(extremes, 4)),
      zeroFraction: zeros / count,
      ...(saturation === "none" ? {} : { saturatedFraction: quadSum(integers, 8) / count }),
      deadFraction: count === 0 ? Number.NaN : dead / channels,
      ...(channels === 1
        ? {}
        : {
            channelMean: this.doubles.slice(lanes, lanes + channels),
            channelVariance: this.doubles.slice(lanes + 2 * this.capacity, lanes + 2 * this.capacity + channels),
          }),
      firstNonfiniteChannel: firstLost < 0 ? null : firstLost,
    };
  }

  /** Channel axis last: rows of `width` values, whole vectors first, the last three values at most one by one. */
  private addRows(wasm: StatisticsExports, values: KernelValues, width: number, mode: number): void {
    const rowsAtOnce = Math.max(8, Math.floor(pieceLength / width));
    const step = width <= chunkLength ? Math.floor(chunkLength / width) * width : chunkLength;
    for (let at = 0; at < values.length; ) {
      const lane = at % width;
      const length = Math.min(step, values.length - at, lane === 0 ? step : width - lane);
      this.copy(values, at, length);
      const rows = lane === 0 ? Math.floor(length / width) : 0;
      if (rows > 0) wasm.add(resultBytes, rows, width * 4, 0, width, rowsAtOnce, mode);
      const done = rows * width;
      const whole = (length - done) & ~3;
      if (whole > 0) wasm.add(resultBytes + done * 4, 1, 0, lane, whole, 1, mode);
      wasm.rest(resultBytes + (done + whole) * 4, length - done - whole, lane + whole, mode);
      at += length;
    }
  }

  /** Channel axis not last: runs of `inner` values of one channel, four lanes a channel. */
  private addRuns(wasm: StatisticsExports, values: KernelValues, channels: number, inner: number, mode: number): void {
    for (let at = 0; at < values.length; at += chunkLength) {
      const length = Math.min(chunkLength, values.length - at);
      this.copy(values, at, length);
      for (let from = 0; from < length; ) {
        const run = Math.floor((at + from) / inner);
        const some = Math.min(length - from, (run + 1) * inner - at - from);
        const lane = (run % channels) * 4;
        const rows = some >> 2;
        if (rows > 0) wasm.add(resultBytes + from * 4, rows, 16, lane, 4, rows, mode);
        wasm.rest(resultBytes + (from + rows * 4) * 4, some & 3, lane, mode);
        from += some;
      }
    }
  }
  private copy(values: KernelValues, from: number, length: number, to = 0): void {
    const target = isFloat32(values) ? this.floats : this.integers;
    const all = from === 0 && length === values.length;
    target.set(all ? values : values.subarray(from, from + length), resultBytes / 4 + to);
  }

  /** Makes room for the lanes and renews the views, which growing detaches. */
  private reserve(lanes: number): void {
    const wasm = this.wasm;
    if (wasm === null || lanes <= this.capacity) return;
    const capacity = Math.ceil(Math.max(lanes, this.capacity * 2) / 4) * 4;
    const bytes = laneBase + capacity * laneBytes;
    const missing = Math.ceil((bytes - wasm.memory.buffer.byteLength) / 65_536);
    if (missing > 0) wasm.memory.grow(missing);
    wasm.layout(laneBase, capacity);
    const { buffer } = wasm.memory;
    this.capacity = capacity;
    this.floats = new Float32Array(buffer, 0, laneBase / 4);
    this.integers = new Int32Array(buffer, 0, laneBase / 4);
    this.doubles = new Float64Array(buffer, 0, Math.floor(bytes / 8));
  }
}

type Quad = [number, number, number, number];
/** Finite values, mean, variance, zeros, dead channels, first channel with NaN or Inf. */
type Folded = [number, number, number, number, number, number];

function quad(values: ArrayLike<number>, from: number): Quad {
  return [values[from], values[from + 1], values[from + 2], values[from + 3]] as Quad;
}

/** Four counters of 32 bits without sign. */
function quadSum(values: ArrayLike<number>, from: number): number {
  return quad(values, from).reduce((sum, value) => sum + (value >>> 0), 0);
}
