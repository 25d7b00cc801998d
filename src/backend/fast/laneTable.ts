import type { EmbeddedBackendLike } from "./embeddedMemory.js";

/** How many lanes a row has: whole vectors of four, so that each lane belongs to one channel. */
export function laneCount(channels: number): number {
  return channels * (channels % 4 === 0 ? 1 : channels % 2 === 0 ? 2 : 4);
}

type Name = "shift" | "first" | "second" | "mean" | "slope" | "scale" | "offset";

/** Tables of one entry a lane in the engine's scratch memory; offsets for the kernels, values by channel for us. */
export class LaneTable {
  readonly width: number;
  private readonly base: number;

  constructor(
    private readonly backend: EmbeddedBackendLike,
    private readonly channels: number,
  ) {
    this.width = laneCount(channels);
    this.base = backend.scratch(this.width * 36);
    new Uint8Array(backend.module.memory.buffer, this.at("first"), this.width * 16).fill(0);
  }

  /** `first` and `second` are sums in float64, the others factors in float32. */
  at(name: Name): number {
    const words = { first: 0, second: 2, shift: 4, mean: 5, slope: 6, scale: 7, offset: 8 }[name];
    return this.base + words * 4 * this.width;
  }

  set(name: Exclude<Name, "first" | "second">, values: ArrayLike<number>): void {
    const lanes = new Float32Array(this.backend.module.memory.buffer, this.at(name), this.width);
    for (let from = 0; from < this.width; from += this.channels) lanes.set(values, from);
  }

  /** A channel's sum is that of its lanes. */
  sums(name: "first" | "second"): Float64Array {
    const lanes = new Float64Array(this.backend.module.memory.buffer, this.at(name), this.width);
    const result = lanes.slice(0, this.channels);
    for (let lane = this.channels; lane < this.width; lane++) {
      const channel = lane % this.channels;
      result[channel] = (result[channel] as number) + (lanes[lane] as number);
    }
    return result;
  }
}
