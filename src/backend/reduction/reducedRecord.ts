import { channelsIn } from "../../kernels/measured.js";
import { binCount } from "../../kernels/percentiles.js";
import type { Reduced, ReductionRoom } from "./reduced.js";

/** A result of more channels has no room in a record. */
export const mostChannels = 512;

const histogramAt = 20;
const meansAt = histogramAt + binCount + 2;
const variancesAt = meansAt + mostChannels;
/** Float64 of one record. */
export const recordLength = variancesAt + mostChannels;

/** Puts a result where another thread finds it; NaN stands for what there is not. */
export function writeRecord(record: Float64Array, { measured, distribution }: Reduced): void {
  const { channelMean, channelVariance } = measured;
  record[0] = measured.count;
  record[1] = measured.finiteCount;
  record[2] = measured.nanCount;
  record[3] = measured.infCount;
  record[4] = measured.mean;
  record[5] = measured.variance;
  record[6] = measured.min;
  record[7] = measured.max;
  record[8] = measured.zeroFraction;
  record[9] = measured.saturatedFraction ?? Number.NaN;
  record[10] = measured.deadFraction;
  record[11] = measured.firstNonfiniteChannel ?? Number.NaN;
  record[12] = channelMean?.length ?? Number.NaN;
  if (channelMean !== undefined) record.set(channelMean, meansAt);
  if (channelVariance !== undefined) record.set(channelVariance, variancesAt);
  record[13] = distribution?.count ?? Number.NaN;
  if (distribution === null) return;
  record[14] = distribution.finiteCount;
  record[15] = distribution.p15;
  record[16] = distribution.p50;
  record[17] = distribution.p85;
  record[18] = distribution.histogramMin;
  record[19] = distribution.histogramMax;
  record.set(distribution.histogram, histogramAt);
}

export function readRecord(record: Float64Array, { channels, histogram }: ReductionRoom): Reduced {
  const at = (place: number): number => record[place] as number;
  const orUndefined = (place: number): number | undefined => (Number.isNaN(at(place)) ? undefined : at(place));
  const count = orUndefined(12);
  const measured = {
    count: at(0),
    finiteCount: at(1),
    nanCount: at(2),
    infCount: at(3),
    mean: at(4),
    variance: at(5),
    min: at(6),
    max: at(7),
    zeroFraction: at(8),
    saturatedFraction: orUndefined(9),
    deadFraction: at(10),
    channelMean: count === undefined ? undefined : channelsIn(record, meansAt, count, channels, "mean"),
    channelVariance: count === undefined ? undefined : channelsIn(record, variancesAt, count, channels, "variance"),
    firstNonfiniteChannel: orUndefined(11) ?? null,
  };
  if (orUndefined(13) === undefined) return { measured, distribution: null };
  for (let bin = 0; bin < histogram.length; bin++) histogram[bin] = at(histogramAt + bin);
  const distribution = {
    count: at(13),
    finiteCount: at(14),
    p15: at(15),
    p50: at(16),
    p85: at(17),
    histogramMin: at(18),
    histogramMax: at(19),
    histogram,
  };
  return { measured, distribution };
}
