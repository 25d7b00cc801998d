import type { LayerSummary } from "../../protocol/views.js";
import { type Column, type ColumnBatch, isPresent } from "../../run/columnBatch.js";
import type { LayerInfo } from "../../run/format.js";
import type { StatisticName } from "../../stats/catalogue.js";
import type { SessionMemory } from "./sessionMemory.js";

interface LastOfLayer {
  step: number;
  readonly values: Partial<Record<StatisticName, number>>;
}

const largestList = 4096;

/** The newest number of every statistic of every layer; lists are reduced to their channels' mean. */
export class LastRows {
  private readonly layers = new Map<number, LastOfLayer>();
  private weightOwners: ReadonlyMap<number, number> = new Map();

  /** A statistic of the table `weights` is that of the layer's first weight, its kernel. */
  setLayers(layers: readonly LayerInfo[]): void {
    this.weightOwners = new Map(
      layers.flatMap(({ index, weights: [kernel] }) => (kernel === undefined ? [] : [[kernel, index] as const])),
    );
  }

  state(): SessionMemory["last"] {
    return [...this.layers].map(([layer, { step, values }]) => ({ layer, step, values }));
  }

  restore(last: SessionMemory["last"]): void {
    for (const { layer, step, values } of last) this.layers.set(layer, { step, values: { ...values } });
  }

  clear(): void {
    this.layers.clear();
  }

  /** Layers that got new numbers. */
  add(batch: ColumnBatch): Set<number> {
    const touched = new Set<number>();
    if (batch.table === "steps") return touched;
    const names = batch.present().filter((name) => name !== "histogram");
    // Only the last row of each series counts: one scan from the end, whatever the number of steps in the batch.
    const done = new Set<number>();
    for (let at = batch.length - 1; at >= 0; at--) {
      const series = batch.series[at] as number;
      if (done.has(series)) continue;
      done.add(series);
      const layer = batch.table === "weights" ? this.weightOwners.get(series) : series;
      if (layer === undefined) continue;
      this.take(batch, at, layer, names);
      touched.add(layer);
    }
    return touched;
  }

  get(layer: number): { readonly step: number; readonly last: LayerSummary["last"] } | undefined {
    const found = this.layers.get(layer);
    return found === undefined ? undefined : { step: found.step, last: found.values };
  }

  private take(batch: ColumnBatch, at: number, layer: number, names: readonly StatisticName[]): void {
    let last = this.layers.get(layer);
    if (last === undefined) {
      last = { step: 0, values: {} };
      this.layers.set(layer, last);
    }
    last.step = Math.max(last.step, batch.steps[at] as number);
    for (const name of names) {
      const value = meanAt(batch.column(name), at);
      if (value !== undefined) last.values[name] = value;
    }
  }
}

/** A list's mean over the channels; a NaN channel makes it NaN. Very wide layers are not reduced here. */
function meanAt(column: Column | null, at: number): number | undefined {
  if (column === null || !isPresent(column.valid, at)) return undefined;
  if (!("offsets" in column)) return column.values[at];
  const from = column.offsets[at] as number;
  const to = column.offsets[at + 1] as number;
  if (to === from || to - from > largestList) return undefined;
  let sum = 0;
  for (let index = from; index < to; index++) sum += column.values[index] as number;
  return sum / (to - from);
}
