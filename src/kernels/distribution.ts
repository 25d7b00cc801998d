import { distributionModule } from "./generated/distributionModule.js";
import { instantiate, type KernelMemory } from "./instantiate.js";
import { isFloat32, type KernelValues } from "./measured.js";
import {
  binCount,
  binning,
  type Distribution,
  type DistributionOptions,
  describe,
  distributePlain,
  interpolate,
  ranksOf,
  stratifiedSample,
} from "./percentiles.js";

interface DistributionExports {
  readonly memory: KernelMemory;
  sort(at: number, length: number, spare: number, counts: number, integer: boolean): void;
  decode(key: number, integer: boolean): number;
  firstInBin(
    at: number,
    length: number,
    bin: number,
    low: number,
    high: number,
    scale: number,
    integer: boolean,
  ): number;
  countUpper(at: number, length: number, counts: number, integer: boolean): void;
  countLower(at: number, length: number, numbers: number, counts: number, integer: boolean): void;
  countBins(
    at: number,
    length: number,
    counts: number,
    low: number,
    high: number,
    scale: number,
    integer: boolean,
  ): void;
}

const halfKeys = 65_536;
/** Values that are sorted at once; more are counted in passes. */
const sortLength = 65_536;
/** Upper halves of the keys of finite float32 values. */
const finiteUpper = { from: 0x0080, to: 0xff80 };

// Memory: values, room for as many, small counts, counts by upper half, numbers of upper halves, counts by lower half.
const valuesAt = 0;
const spareAt = sortLength * 4;
const countsAt = spareAt + sortLength * 4;
const upperAt = countsAt + 3 * 2048 * 4;
const numbersAt = upperAt + halfKeys * 4;
const lowerAt = numbersAt + halfKeys;
/** Length of one of the four sets of bin counters. */
const binSetLength = 68;
const pageBytes = 65_536;
/** Values that are copied at once when they are counted. */
const pieceLength = 32_768;

/** Percentiles and histogram of tensor values, by WebAssembly; exact unless a sample is asked for. Uses up to 4 MB. */
export class DistributionKernel {
  private constructor(private readonly wasm: DistributionExports | null) {
    this.reserve(upperAt);
  }

  /** `plain` forces the JavaScript twin, which is also what runs where WebAssembly SIMD is missing. */
  static create(engine: "fastest" | "plain" = "fastest"): DistributionKernel {
    return new DistributionKernel(engine === "plain" ? null : instantiate<DistributionExports>(distributionModule));
  }

  /** @throws RangeError for a sample of less than one value. */
  measure(values: KernelValues, options: DistributionOptions = {}): Distribution {
    const some = options.sample === undefined ? values : stratifiedSample(values, options.sample);
    if (this.wasm === null) return distributePlain(some);
    if (some.length <= sortLength) return this.bySorting(this.wasm, some);
    return this.byCounting(this.wasm, some);
  }

  private bySorting(wasm: DistributionExports, values: KernelValues): Distribution {
    const { length } = values;
    const integer = !isFloat32(values);
    this.copy(values, 0, length);
    wasm.sort(valuesAt, length, spareAt, countsAt, integer);
    const keys = new Uint32Array(wasm.memory.buffer, valuesAt, length);
    const from = integer ? 0 : firstAtLeast(keys, finiteUpper.from * halfKeys);
    const to = integer ? length : firstAtLeast(keys, finiteUpper.to * halfKeys);
    const percentiles = interpolate(to - from, (rank) => wasm.decode(keys[from + rank] as number, integer));
    const histogram = new Float64Array(binCount + 2);
    if (to > from) {
      const { low, high, scale } = binning(percentiles);
      let before = 0;
      for (let bin = 1; bin <= histogram.length; bin++) {
        const next =
          bin === histogram.length
            ? to - from
            : before +
              wasm.firstInBin(valuesAt + (from + before) * 4, to - from - before, bin, low, high, scale, integer);
        histogram[bin - 1] = next - before;
        before = next;
      }
    }
    return describe(length, to - from, percentiles, histogram);
  }

  private byCounting(wasm: DistributionExports, values: KernelValues): Distribution {
    const { length } = values;
    const integer = !isFloat32(values);
    this.reserve(lowerAt);
    const { buffer } = wasm.memory;
    const upper = new Uint32Array(buffer, upperAt, halfKeys).fill(0);
    this.eachPiece(values, (count) => wasm.countUpper(valuesAt, count, upperAt, integer));
    const from = integer ? 0 : finiteUpper.from;
    const to = integer ? halfKeys : finiteUpper.to;
    let finiteCount = 0;
    for (let key = from; key < to; key++) finiteCount += upper[key] as number;

    const places = placesOf(ranksOf(finiteCount), upper, from);
    const halves = [...new Set(places.map(({ half }) => half))];
    this.reserve(lowerAt + halves.length * halfKeys * 4);
    const numbers = new Uint8Array(wasm.memory.buffer, numbersAt, halfKeys).fill(0);
    halves.forEach((half, index) => {
      numbers[half] = index + 1;
    });
    const lower = new Uint32Array(wasm.memory.buffer, lowerAt, halves.length * halfKeys).fill(0);
    this.eachPiece(values, (count) => wasm.countLower(valuesAt, count, numbersAt, lowerAt, integer));
    const found = new Map(
      places.map(({ rank, half, offset }) => {
        const start = halves.indexOf(half) * halfKeys;
        const [low] = placesOf([offset], lower, start);
        return [rank, wasm.decode(half * halfKeys + ((low?.half ?? start) - start), integer)];
      }),
    );
    const percentiles = interpolate(finiteCount, (rank) => found.get(rank) as number);
    const counts = new Uint32Array(wasm.memory.buffer, countsAt, 4 * binSetLength).fill(0);
    if (finiteCount > 0) {
      const { low, high, scale } = binning(percentiles);
      this.eachPiece(values, (count) => wasm.countBins(valuesAt, count, countsAt, low, high, scale, integer));
    }
    return describe(
      length,
      finiteCount,
      percentiles,
      Float64Array.from({ length: binCount + 2 }, (_, bin) => sumOfSets(counts, bin)),
    );
  }

  private eachPiece(values: KernelValues, use: (count: number) => void): void {
    for (let at = 0; at < values.length; at += pieceLength) {
      const count = Math.min(pieceLength, values.length - at);
      this.copy(values, at, count);
      use(count);
    }
  }

  private copy(values: KernelValues, from: number, length: number): void {
    const buffer = this.wasm?.memory.buffer;
    const Target = isFloat32(values) ? Float32Array : Int32Array;
    const all = from === 0 && length === values.length;
    new Target(buffer as ArrayBuffer, valuesAt, length).set(all ? values : values.subarray(from, from + length));
  }

  private reserve(bytes: number): void {
    const memory = this.wasm?.memory;
    const missing = memory === undefined ? 0 : Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
    if (missing > 0) memory?.grow(missing);
  }
}

/** Where each rank (ascending) lies in counts from index `from` on: the index, and the rank within it. */
function placesOf(
  ranks: readonly number[],
  counts: Uint32Array,
  from: number,
): { rank: number; half: number; offset: number }[] {
  let index = from;
  let before = 0;
  return ranks.map((rank) => {
    while (before + (counts[index] as number) <= rank) before += counts[index++] as number;
    return { rank, half: index, offset: rank - before };
  });
}

function sumOfSets(counts: Uint32Array, bin: number): number {
  let sum = 0;
  for (let set = 0; set < 4; set++) sum += counts[set * binSetLength + bin] as number;
  return sum;
}

function firstAtLeast(sorted: Uint32Array, key: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as number) < key) from = middle + 1;
    else to = middle;
  }
  return from;
}
