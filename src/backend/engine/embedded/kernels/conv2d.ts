import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import { replaceKernel } from "../kernelTable.js";
import { clampOf, type FusedAttributes, noClamp, unfused } from "./activation.js";
import { Composer } from "./composer.js";
import { type ConvolutionGeometry, convolutionGeometry, isChannelsLast } from "./convolutionGeometry.js";
import { type ConvolutionInputs, isForWinograd, winogradConvolution } from "./winograd.js";

replaceKernel("Conv2D", () => (call) => {
  const { x, filter } = call.inputs as unknown as ConvolutionInputs;
  if (!isChannelsLast(call.attrs as object, x, filter)) return runOnCpu("Conv2D", call);
  const composer = new Composer(call.backend);
  const info = convolutionGeometry(x.shape, filter.shape, call.attrs as object);
  return composer.end(convolve(composer, { x, filter }, info, noClamp));
});

replaceKernel("FusedConv2D", () => (call) => {
  const inputs = call.inputs as unknown as ConvolutionInputs & { preluActivationWeights?: TensorInfo };
  const { x, filter, bias } = inputs;
  const attributes = call.attrs as FusedAttributes;
  if (!isChannelsLast(attributes, x, filter)) return runOnCpu("FusedConv2D", call);
  const composer = new Composer(call.backend);
  const info = convolutionGeometry(x.shape, filter.shape, attributes);
  const clamp = clampOf(attributes.activation ?? "linear");
  if (clamp !== null && (!bias || util.sizeFromShape(bias.shape) === info.outChannels)) {
    return composer.end(convolve(composer, inputs, info, clamp));
  }
  return composer.end(unfused(composer, convolve(composer, { x, filter }, info, noClamp), inputs, attributes));
});

/** x ∗ filter + bias, clamped. */
export function convolve(
  composer: Composer,
  inputs: ConvolutionInputs,
  info: ConvolutionGeometry,
  clamp: readonly [number, number],
): TensorInfo {
  const { backend } = composer;
  const output = composer.own(backend.makeOutput(info.outShape, "float32"));
  const isDone = isForWinograd(backend, info) && winogradConvolution(backend, output, inputs, info, clamp);
  if (!isDone) convolveTaps(composer, output, inputs, info, clamp);
  return output;
}

/** Tap by tap. */
function convolveTaps(
  composer: Composer,
  output: TensorInfo,
  { x, filter, bias }: ConvolutionInputs,
  info: ConvolutionGeometry,
  [low, high]: readonly [number, number],
): void {
  const { backend } = composer;
  const { top, left } = info.padInfo;
  // As far as the filter reaches; input beyond that takes no part.
  const height = (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight;
  const width = (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth;
  const padded = composer.fitImages(x, top, left, height, width);
  const { training } = backend;
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  const panels = backend.scratch(training.convolveScratch(taps, info.outChannels));
  training.packFilter(backend.offset(filter), taps, info.outChannels, panels);
  const products = taps * info.outChannels * info.outHeight * info.outWidth * info.batchSize;
  backend.team.run("convolveImages", info.batchSize, products, [
    backend.offset(padded),
    panels,
    bias ? backend.offset(bias) : 0,
    backend.offset(output),
    height,
    width,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    low,
    high,
  ]);
}
