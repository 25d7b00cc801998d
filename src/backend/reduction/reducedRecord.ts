import { channelsIn } from "../../kernels/measured.js";
import { binCount } from "../../kernels/percentiles.js";
import type { Reduced, ReductionRoom } from "./reduced.js";

/** A result of more channels has no room in a record. */
export const mostChannels = 512;

/** Where each number stands in a record; behind them the histogram and the channels. */
const place = {
  count: 0,
  finiteCount: 1,
  nanCount: 2,
  infCount: 3,
  mean: 4,
  variance: 5,
  min: 6,
  max: 7,
  zeroFraction: 8,
  saturatedFraction: 9,
  deadFraction: 10,
  firstNonfiniteChannel: 11,
  channels: 12,
  distributed: 13,
  distributedFinite: 14,
  p15: 15,
  p50: 16,
  p85: 17,
  histogramMin: 18,
  histogramMax: 19,
  histogram: 20,
} as const;
const meansAt = place.histogram + binCount + 2;
const variancesAt = meansAt + mostChannels;
/** Float64 of one record. */
export const recordLength = variancesAt + mostChannels;

/** Puts a result where another thread finds it; NaN stands for what there is not. */
export function writeRecord(record: Float64Array, { measured, distribution }: Reduced): void {
  const { channelMean, channelVariance } = measured;
  record[place.count] = measured.count;
  record[place.finiteCount] = measured.finiteCount;
  record[place.nanCount] = measured.nanCount;
  record[place.infCount] = measured.infCount;
  record[place.mean] = measured.mean;
  record[place.variance] = measured.variance;
  record[place.min] = measured.min;
  record[place.max] = measured.max;
  record[place.zeroFraction] = measured.zeroFraction;
  record[place.saturatedFraction] = measured.saturatedFraction ?? Number.NaN;
  record[place.deadFraction] = measured.deadFraction;
  record[place.firstNonfiniteChannel] = measured.firstNonfiniteChannel ?? Number.NaN;
  record[place.channels] = channelMean?.length ?? Number.NaN;
  if (channelMean !== undefined) record.set(channelMean, meansAt);
  if (channelVariance !== undefined) record.set(channelVariance, variancesAt);
  record[place.distributed] = distribution?.count ?? Number.NaN;
  if (distribution === null) return;
  record[place.distributedFinite] = distribution.finiteCount;
  record[place.p15] = distribution.p15;
  record[place.p50] = distribution.p50;
  record[place.p85] = distribution.p85;
  record[place.histogramMin] = distribution.histogramMin;
  record[place.histogramMax] = distribution.histogramMax;
  record.set(distribution.histogram, place.histogram);
}

export function readRecord(record: Float64Array, { channels, histogram }: ReductionRoom): Reduced {
  const at = (index: number): number => record[index] as number;
  const orUndefined = (index: number): number | undefined => (Number.isNaN(at(index)) ? undefined : at(index));
  const count = orUndefined(place.channels);
  const measured = {
    count: at(place.count),
    finiteCount: at(place.finiteCount),
    nanCount: at(place.nanCount),
    infCount: at(place.infCount),
    mean: at(place.mean),
    variance: at(place.variance),
    min: at(place.min),
    max: at(place.max),
    zeroFraction: at(place.zeroFraction),
    saturatedFraction: orUndefined(place.saturatedFraction),
    deadFraction: at(place.deadFraction),
    channelMean: count === undefined ? undefined : channelsIn(record, meansAt, count, channels, "mean"),
    channelVariance: count === undefined ? undefined : channelsIn(record, variancesAt, count, channels, "variance"),
    firstNonfiniteChannel: orUndefined(place.firstNonfiniteChannel) ?? null,
  };
  if (orUndefined(place.distributed) === undefined) return { measured, distribution: null };
  for (let bin = 0; bin < histogram.length; bin++) histogram[bin] = at(place.histogram + bin);
  const distribution = {
    count: at(place.distributed),
    finiteCount: at(place.distributedFinite),
    p15: at(place.p15),
    p50: at(place.p50),
    p85: at(place.p85),
    histogramMin: at(place.histogramMin),
    histogramMax: at(place.histogramMax),
    histogram,
  };
  return { measured, distribution };
}
