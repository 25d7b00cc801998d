import type { Row } from "../../stats/catalogue.js";
import type { Activation } from "./activations.js";

/** The row of the table `activations` for one call of a layer. */
export function activationRow({ own, input, hasChannels, hasInputChannels }: Activation): Row {
  const output = own?.result?.measured;
  const distribution = own?.result?.distribution;
  const before = input?.result?.measured;
  const beforeDistribution = input?.result?.distribution;
  return {
    count: output?.count,
    mean: output?.mean,
    variance: output?.variance,
    min: output?.min,
    max: output?.max,
    p15: distribution?.p15,
    p50: distribution?.p50,
    p85: distribution?.p85,
    zeroFraction: output?.zeroFraction,
    saturatedFraction: output?.saturatedFraction,
    deadFraction: output?.deadFraction,
    nanCount: output?.nanCount,
    infCount: output?.infCount,
    inputCount: before?.count,
    inputMean: before?.mean,
    inputVariance: before?.variance,
    inputMin: before?.min,
    inputMax: before?.max,
    inputP15: beforeDistribution?.p15,
    inputP50: beforeDistribution?.p50,
    inputP85: beforeDistribution?.p85,
    inputZeroFraction: before?.zeroFraction,
    inputNanCount: before?.nanCount,
    inputInfCount: before?.infCount,
    histogramMin: distribution?.histogramMin,
    histogramMax: distribution?.histogramMax,
    channelMean: hasChannels ? output?.channelMean : undefined,
    channelVariance: hasChannels ? output?.channelVariance : undefined,
    inputChannelMean: hasInputChannels ? before?.channelMean : undefined,
    inputChannelVariance: hasInputChannels ? before?.channelVariance : undefined,
    histogram: distribution?.histogram,
  };
}
