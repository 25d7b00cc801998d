import type { DistributionExports } from "./distributionExports.js";
import type { KernelHome } from "./home.js";
import { isFloat32, isIn, type KernelValues } from "./measured.js";
import { binCount, binning, type Distribution, describe, interpolate, ranksOf } from "./percentiles.js";

const halfKeys = 65_536;
/** Upper halves of the keys of finite float32 values. */
const finiteUpper = { from: 0x0080, to: 0xff80 };
/** Length of one of the four sets of bin counters. */
export const binSetLength = 68;
/** Values that are copied at once. */
const pieceLength = 32_768;
/** As many as there are wanted ranks. */
const mostHalves = 10;

/** Percentiles and histogram of any number of values, in three passes; needs 3 MB whatever the number. */
export class CountedDistribution {
  private readonly piece: number;
  private readonly upper: number;
  private readonly numbers: number;
  private readonly lower: number;
  private readonly sets: number;

  constructor(
    private readonly wasm: DistributionExports,
    private readonly home: KernelHome,
  ) {
    this.piece = home.allocate(pieceLength * 4);
    this.upper = home.allocate(halfKeys * 4);
    this.numbers = home.allocate(halfKeys);
    this.lower = home.allocate(mostHalves * halfKeys * 4);
    this.sets = home.allocate(4 * binSetLength * 4);
  }

  /** @param histogram where the counts are put */
  measure(values: KernelValues, histogram: Float64Array): Distribution {
    const { wasm, home } = this;
    const { length } = values;
    const integer = !isFloat32(values);
    const { buffer } = home.memory;
    const upper = new Uint32Array(buffer, this.upper, halfKeys).fill(0);
    this.eachPiece(values, (at, count) => wasm.countUpper(at, count, this.upper, integer));
    const from = integer ? 0 : finiteUpper.from;
    const to = integer ? halfKeys : finiteUpper.to;
    let finiteCount = 0;
    for (let key = from; key < to; key++) finiteCount += upper[key] as number;

    const places = placesOf(ranksOf(finiteCount), upper, from);
    const halves = [...new Set(places.map(({ half }) => half))];
    const numbers = new Uint8Array(buffer, this.numbers, halfKeys).fill(0);
    halves.forEach((half, index) => {
      numbers[half] = index + 1;
    });
    const lower = new Uint32Array(buffer, this.lower, halves.length * halfKeys).fill(0);
    this.eachPiece(values, (at, count) => wasm.countLower(at, count, this.numbers, this.lower, integer));
    const found = new Map(
      places.map(({ rank, half, offset }) => {
        const start = halves.indexOf(half) * halfKeys;
        const [low] = placesOf([offset], lower, start);
        return [rank, wasm.decode(half * halfKeys + ((low?.half ?? start) - start), integer)];
      }),
    );
    const percentiles = interpolate(finiteCount, (rank) => found.get(rank) as number);
    const counts = new Uint32Array(buffer, this.sets, 4 * binSetLength).fill(0);
    if (finiteCount > 0) {
      const { low, high, scale } = binning(percentiles);
      const allFinite = finiteCount === length;
      this.eachPiece(values, (at, count) => wasm.countBins(at, count, this.sets, low, high, scale, integer, allFinite));
    }
    for (let bin = 0; bin < binCount + 2; bin++) histogram[bin] = sumOfSets(counts, bin);
    return describe(length, finiteCount, percentiles, histogram);
  }

  private eachPiece(values: KernelValues, use: (at: number, count: number) => void): void {
    const { memory } = this.home;
    if (isIn(memory, values)) {
      use(values.byteOffset, values.length);
      return;
    }
    const Target = isFloat32(values) ? Float32Array : Int32Array;
    for (let from = 0; from < values.length; from += pieceLength) {
      const count = Math.min(pieceLength, values.length - from);
      new Target(memory.buffer, this.piece, count).set(values.subarray(from, from + count));
      use(this.piece, count);
    }
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
