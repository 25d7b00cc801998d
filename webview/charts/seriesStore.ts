import type { SeriesData, SeriesKey, SeriesMessage } from "../../src/protocol/views.js";
import { noPoints, type Points } from "./points.js";

export function keyText({ layer, statistic, weight, run, channel }: SeriesKey): string {
  const own = weight === undefined ? `${layer}/${statistic}` : `${layer}/${statistic}/${weight}`;
  return `${own}${run === undefined ? "" : `@${run}`}${channel === undefined ? "" : `#${channel}`}`;
}

/** Every change gets a number of its own, also after a series was forgotten and came back. */
let versions = 0;

/** Points of one series in growing buffers; never more than `limit` of them. */
class SeriesBuffer implements Points {
  step = new Float64Array(64);
  value = new Float64Array(64);
  low = new Float64Array(64);
  high = new Float64Array(64);
  length = 0;
  nonfinite: readonly number[] = [];
  isSample = false;
  version = 0;
  private endsInNewest = false;

  set(data: SeriesData): void {
    this.length = 0;
    this.nonfinite = [];
    this.isSample = false;
    this.endsInNewest = false;
    this.append(data);
  }

  append(data: SeriesData): void {
    const [first] = data.step;
    if (first !== undefined) {
      this.makeWay(first);
      this.endsInNewest = data.endsInNewest === true;
    }
    this.reserve(this.length + data.step.length);
    this.step.set(data.step, this.length);
    this.value.set(data.mean, this.length);
    this.low.set(data.min, this.length);
    this.high.set(data.max, this.length);
    this.length += data.step.length;
    if (data.nonfinite.length > 0) this.nonfinite = [...new Set([...this.nonfinite, ...data.nonfinite])].slice(0, 256);
    this.isSample ||= data.isSample === true;
    this.version = ++versions;
  }

  /** Merges neighbours until at most `limit` points are left: the mean of means, the extremes of extremes. */
  shrink(limit: number): void {
    this.endsInNewest = false;
    while (this.length > limit) {
      const half = Math.ceil(this.length / 2);
      for (let i = 0; i < half; i++) {
        const a = 2 * i;
        const b = Math.min(a + 1, this.length - 1);
        this.step[i] = this.step[a] as number;
        this.value[i] = ((this.value[a] as number) + (this.value[b] as number)) / 2;
        this.low[i] = Math.min(this.low[a] as number, this.low[b] as number);
        this.high[i] = Math.max(this.high[a] as number, this.high[b] as number);
      }
      this.length = half;
    }
  }

  /** For points from `first` on: those there are replaced, and so is what was the newest value until now. */
  private makeWay(first: number): void {
    if (this.endsInNewest) this.length--;
    while (this.length > 0 && (this.step[this.length - 1] as number) >= first) this.length--;
  }

  private reserve(capacity: number): void {
    if (capacity <= this.step.length) return;
    const grow = (old: Float64Array) => {
      const grown = new Float64Array(Math.max(capacity, old.length * 2));
      grown.set(old.subarray(0, this.length));
      return grown;
    };
    this.step = grow(this.step);
    this.value = grow(this.value);
    this.low = grow(this.low);
    this.high = grow(this.high);
  }
}

/** A host that only ever appends must not fill the view's memory: beyond this, points are merged. */
const pointLimit = 8192;
const seriesLimit = 256;

/** All series that a view holds. */
export class SeriesStore {
  private readonly buffers = new Map<string, SeriesBuffer>();

  apply(message: SeriesMessage): void {
    for (const data of message.data) {
      const key = keyText(data.key);
      const buffer = this.buffers.get(key) ?? new SeriesBuffer();
      this.buffers.set(key, buffer);
      if (message.append) buffer.append(data);
      else buffer.set(data);
      if (buffer.length > pointLimit) buffer.shrink(pointLimit / 2);
    }
  }

  /** @param key as `keyText` gives it */
  get(key: string): Points {
    return this.buffers.get(key) ?? noPoints;
  }

  /** Changes whenever the points of a key do. */
  version(key: string): number {
    return this.buffers.get(key)?.version ?? 0;
  }

  /** Forgets series that nobody shows, once there are many: what was scrolled away may soon come back. */
  keep(keys: ReadonlySet<string>): void {
    if (this.buffers.size <= Math.max(seriesLimit, keys.size)) return;
    for (const key of this.buffers.keys()) if (!keys.has(key)) this.buffers.delete(key);
  }

  clear(): void {
    this.buffers.clear();
  }
}
