import { deadShare, type KernelValues, type Measured, type MeasureOptions } from "./measured.js";

/** `StatisticsKernel.measure` in plain JavaScript: same numbers, about a tenth of the speed. */
export function measurePlain(values: KernelValues, options: Required<MeasureOptions>): Measured {
  const { channels, inner, saturation } = options;
  const groups = Array.from({ length: channels }, () => new Group());
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let nanCount = 0;
  let saturated = 0;
  for (let at = 0, channel = 0; at < values.length; channel = channel + 1 < channels ? channel + 1 : 0) {
    const group = groups[channel] as Group;
    for (const end = at + inner; at < end; at++) {
      const value = values[at] as number;
      if (!Number.isFinite(value)) {
        group.lost++;
        if (Number.isNaN(value)) nanCount++;
        continue;
      }
      group.add(value);
      if (value < min) min = value;
      if (value > max) max = value;
      if (saturation === "tanh") saturated += Math.abs(value) > 0.97 ? 1 : 0;
      else if (saturation === "sigmoid") saturated += value > 0.97 || value < 0.03 ? 1 : 0;
    }
  }
  const total = new Group();
  for (const group of groups) total.join(group);
  const { length } = values;
  const { count: finiteCount, lost, zeros } = total;
  const dead = groups.filter((group) => group.zeros > deadShare * (length / channels)).length;
  const firstLost = groups.findIndex((group) => group.lost > 0);
  return {
    count: length,
    finiteCount,
    nanCount,
    infCount: lost - nanCount,
    mean: total.mean,
    variance: total.variance,
    min: finiteCount === 0 ? Number.NaN : min,
    max: finiteCount === 0 ? Number.NaN : max,
    zeroFraction: zeros / length,
    saturatedFraction: saturation === "none" ? undefined : saturated / length,
    deadFraction: length === 0 ? Number.NaN : dead / channels,
    channelMean: channels === 1 ? undefined : Float64Array.from(groups, (group) => group.mean),
    channelVariance: channels === 1 ? undefined : Float64Array.from(groups, (group) => group.variance),
    firstNonfiniteChannel: firstLost < 0 ? null : firstLost,
  };
}

/** Sums of x − shift, shift being the first value, so that a large mean cancels nothing. */
class Group {
  count = 0;
  zeros = 0;
  lost = 0;
  private shift = 0;
  private sum = 0;
  private square = 0;

  get mean(): number {
    return this.count === 0 ? Number.NaN : this.shift + this.sum / this.count;
  }

  get variance(): number {
    return this.deviation / this.count;
  }

  private get deviation(): number {
    return this.count === 0 ? 0 : Math.max(0, this.square - this.sum * (this.sum / this.count));
  }

  add(value: number): void {
    if (this.count === 0) this.shift = value;
    const shifted = value - this.shift;
    this.sum += shifted;
    this.square += shifted * shifted;
    this.count++;
    if (value === 0) this.zeros++;
  }

  /** Joins by means and squared deviations (Chan, Golub & LeVeque 1983), relative to the first group's mean. */
  join(other: Group): void {
    this.zeros += other.zeros;
    this.lost += other.lost;
    if (other.count === 0) return;
    if (this.count === 0) this.shift = other.mean;
    const distance = other.mean - this.shift;
    this.sum += other.count * distance;
    this.square += other.deviation + other.count * distance * distance;
    this.count += other.count;
  }
}
