import { type StatisticName, type TableName, tableNames } from "../../stats/catalogue.js";
import { type Column, type ColumnBatch, isPresent } from "../columnBatch.js";
import { SeriesTier } from "./seriesTier.js";

const mostBuckets = 2048;
const fewestBuckets = 128;

/**
 * The overview of a whole run: a tier for every series of every statistic, in bounded memory. Lists count as the
 * mean over their channels.
 */
export class SeriesStore {
  private readonly tables = new Map<TableName, Map<StatisticName, (SeriesTier | undefined)[]>>();
  private count = 0;
  private capacity = mostBuckets;

  /** `budgetBytes`: what all tiers together may take. */
  constructor(private readonly budgetBytes = 80 * 2 ** 20) {
    for (const table of tableNames) this.tables.set(table, new Map());
  }

  add(batch: ColumnBatch): void {
    for (const name of batch.present()) {
      // A histogram has no mean over its bins that says anything.
      if (name === "histogram") continue;
      const column = batch.column(name);
      if (column !== null) this.addColumn(batch, column, this.tiersOf(batch.table, name));
    }
  }

  tier(table: TableName, series: number, name: StatisticName): SeriesTier | null {
    return this.tables.get(table)?.get(name)?.[series] ?? null;
  }

  /** Every tier, with the place that `put` takes. */
  *all(): Generator<{
    readonly table: TableName;
    readonly name: StatisticName;
    readonly series: number;
    readonly tier: SeriesTier;
  }> {
    for (const [table, statistics] of this.tables) {
      for (const [name, tiers] of statistics) {
        for (const [series, tier] of tiers.entries()) if (tier !== undefined) yield { table, name, series, tier };
      }
    }
  }

  /** Puts a saved tier in its place. */
  put(table: TableName, series: number, name: StatisticName, tier: SeriesTier): void {
    this.tiersOf(table, name)[series] = tier;
    this.count++;
  }

  /** Buckets that a series may have now; fewer, the more series there are. */
  get bucketCapacity(): number {
    return this.capacity;
  }

  /** Fits the capacity to `count` series, before they are put. */
  reserve(count: number): void {
    const fair = Math.floor(this.budgetBytes / (count * SeriesTier.bucketBytes));
    this.capacity = Math.min(this.capacity, Math.max(fewestBuckets, fair));
  }

  private addColumn({ steps, series, length }: ColumnBatch, column: Column, tiers: (SeriesTier | undefined)[]): void {
    const { values, valid } = column;
    const offsets = "offsets" in column ? column.offsets : null;
    for (let at = 0; at < length; at++) {
      if (!isPresent(valid, at)) continue;
      const index = series[at] as number;
      const tier = tiers[index] ?? this.newTier(tiers, index);
      tier.append(steps[at] as number, offsets === null ? (values[at] as number) : mean(values, offsets, at));
    }
  }

  private tiersOf(table: TableName, name: StatisticName): (SeriesTier | undefined)[] {
    const statistics = this.tables.get(table);
    let tiers = statistics?.get(name);
    if (tiers === undefined) {
      tiers = [];
      statistics?.set(name, tiers);
    }
    return tiers;
  }

  private newTier(tiers: (SeriesTier | undefined)[], series: number): SeriesTier {
    this.count++;
    const before = this.capacity;
    // In leaps, so that existing tiers are not shrunk at each newcomer.
    this.reserve(2 ** Math.ceil(Math.log2(this.count)));
    if (this.capacity < before) for (const { tier } of this.all()) tier.shrink(this.capacity);
    const tier = new SeriesTier(this.capacity);
    tiers[series] = tier;
    return tier;
  }
}

/** Over the channels of one row. */
function mean(values: ArrayLike<number>, offsets: Int32Array, row: number): number {
  const begin = offsets[row] as number;
  const end = offsets[row + 1] as number;
  let sum = 0;
  for (let channel = begin; channel < end; channel++) sum += values[channel] as number;
  return sum / (end - begin);
}
