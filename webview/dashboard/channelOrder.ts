/** Channels in the order in which they are drawn, and what each bar stands for. */
export interface ChannelBars {
  /** Channel numbers in drawing order. */
  readonly order: Uint32Array;
  /** For each bar the place in `order` of the channel it shows: the one furthest from zero (NaN first) of its group. */
  readonly bars: Uint32Array;
}

export function channelBars(values: Float64Array, by: "value" | "index", mostBars: number): ChannelBars {
  const order = Uint32Array.from(values, (_, channel) => channel);
  if (by === "value") order.sort((a, b) => size(values[b]) - size(values[a]) || a - b);
  const count = Math.min(values.length, Math.max(1, mostBars));
  const bars = new Uint32Array(count);
  for (let bar = 0; bar < count; bar++) {
    const start = Math.floor((bar * values.length) / count);
    const end = Math.max(start + 1, Math.floor(((bar + 1) * values.length) / count));
    let largest = start;
    for (let place = start + 1; place < end; place++) {
      if (size(values[order[place] as number]) > size(values[order[largest] as number])) largest = place;
    }
    bars[bar] = largest;
  }
  return { order, bars };
}

/** The bar that stands for a channel, or for the group it is in. */
export function barOf({ order, bars }: ChannelBars, channel: number): number | null {
  const place = order.indexOf(channel);
  if (place < 0) return null;
  let bar = Math.floor((place * bars.length) / order.length);
  // The same rounding as of `channelBars`, whose groups begin at the floor of bar · length / count.
  while (bar + 1 < bars.length && Math.floor(((bar + 1) * order.length) / bars.length) <= place) bar++;
  return bar;
}

/** The `count` channels furthest from zero; NaN and Inf before all. */
export function worstChannels(values: Float64Array, count: number): number[] {
  const worst: number[] = [];
  for (let channel = 0; channel < values.length; channel++) {
    const last = worst.at(-1);
    if (worst.length === count && last !== undefined && size(values[channel]) <= size(values[last])) continue;
    let place = worst.findIndex((other) => size(values[other]) < size(values[channel]));
    if (place < 0) place = worst.length;
    worst.splice(place, 0, channel);
    if (worst.length > count) worst.pop();
  }
  return worst;
}

function size(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.abs(value);
}
