import { binSetLength, CountedDistribution } from "./countedDistribution.js";
import type { DistributionExports } from "./distributionExports.js";
import type { KernelHome } from "./home.js";
import { isFloat32, isIn, type KernelValues } from "./measured.js";
import {
  binCount,
  type Distribution,
  type DistributionOptions,
  distributePlain,
  sampleLength,
  stratifiedSample,
} from "./percentiles.js";

/** Values that are taken at once; more are counted in passes. */
const mostAtOnce = 65_536;
/** By so many upper bits of their keys values are counted: a counter costs about as much as a value. */
const mostBits = 14;
/** Finite values, five percentiles, the counts. */
const resultLength = 6 + binCount + 2;

/** Places in the memory, in bytes. */
interface Layout {
  readonly values: number;
  readonly spare: number;
  readonly counts: number;
  readonly numbers: number;
  readonly sets: number;
  readonly out: number;
}

/** Percentiles and histogram of tensor values, by WebAssembly; exact unless a sample is asked for. Uses up to 4 MB. */
export class DistributionKernel {
  private layout: Layout | null = null;
  private results = new Float64Array(0);
  private counted: CountedDistribution | null = null;

  /** @param within null where the plain twin does the work */
  constructor(private readonly within: { readonly wasm: DistributionExports; readonly home: KernelHome } | null) {}

  /**
   * @param histogram where the counts are put, 66 float64; default: memory of their own
   * @throws RangeError for a sample of less than one value.
   */
  measure(
    values: KernelValues,
    { sample }: DistributionOptions = {},
    histogram: Float64Array = new Float64Array(binCount + 2),
  ): Distribution {
    const size = sample === undefined ? values.length : sampleLength(values.length, sample);
    if (this.within === null) {
      const some = size === values.length ? values : stratifiedSample(values, size, values.slice(0, size));
      return distributePlain(some, histogram);
    }
    const { wasm, home } = this.within;
    if (size > mostAtOnce) {
      this.counted ??= new CountedDistribution(wasm, home);
      return this.counted.measure(values, histogram);
    }
    this.layout ??= layoutIn(home);
    const { counts, numbers, spare, sets, out } = this.layout;
    const at = place(wasm, home, this.layout.values, values, size);
    const bits = size <= 1024 ? 11 : size <= 8192 ? 12 : mostBits;
    wasm.distribute(at, size, !isFloat32(values), bits, counts, numbers, spare, sets, out);
    const { buffer } = home.memory;
    if (this.results.buffer !== buffer) this.results = new Float64Array(buffer, out, resultLength);
    const { results } = this;
    for (let bin = 0; bin < binCount + 2; bin++) histogram[bin] = results[6 + bin] as number;
    return {
      count: size,
      finiteCount: results[0] as number,
      histogramMin: results[1] as number,
      p15: results[2] as number,
      p50: results[3] as number,
      p85: results[4] as number,
      histogramMax: results[5] as number,
      histogram,
    };
  }
}

/** Where the values that are looked at lie, or are put. */
function place(
  wasm: DistributionExports,
  { memory }: KernelHome,
  to: number,
  values: KernelValues,
  size: number,
): number {
  if (isIn(memory, values)) {
    if (size === values.length) return values.byteOffset;
    wasm.gather(values.byteOffset, values.length, to, size);
    return to;
  }
  const Target = isFloat32(values) ? Float32Array : Int32Array;
  const target = new Target(memory.buffer, to, size);
  if (size === values.length) target.set(values);
  else stratifiedSample(values, size, target);
  return to;
}

function layoutIn(home: KernelHome): Layout {
  const numbers = home.allocate(1 << mostBits);
  new Uint8Array(home.memory.buffer, numbers, 1 << mostBits).fill(0);
  return {
    values: home.allocate(mostAtOnce * 4),
    spare: home.allocate(mostAtOnce * 4),
    counts: home.allocate((4 << mostBits) + 16),
    numbers,
    sets: home.allocate(4 * binSetLength * 4),
    out: home.allocate(resultLength * 8),
  };
}
