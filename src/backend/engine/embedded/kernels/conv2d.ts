import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { replaceKernel } from "../kernelTable.js";
import { activate, clampOf, isServed } from "./activation.js";
import { Composer } from "./composer.js";
import { type ConvolutionGeometry, convolutionGeometry, isChannelsLast } from "./convolutionGeometry.js";
import { fallBack } from "./fallBack.js";

interface ConvolutionInputs {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly bias?: TensorInfo;
}

replaceKernel("Conv2D", (stock) => convolution("Conv2D", stock));
replaceKernel("FusedConv2D", (stock) => convolution("FusedConv2D", stock));

function convolution(kernelName: string, stock: KernelFunc): KernelFunc {
  return (call) => {
    const inputs = call.inputs as unknown as ConvolutionInputs;
    const { x, filter, bias } = inputs;
    if (!isChannelsLast(call.attrs as object, x, filter, bias)) return fallBack(kernelName, call);
    const { activation = "linear" } = call.attrs as unknown as { activation?: string };
    const info = convolutionGeometry(x.shape, filter.shape, call.attrs as object);
    const hasPlainBias = bias === undefined || bias === null || util.sizeFromShape(bias.shape) === info.outChannels;
    if (!isServed(activation) || !hasPlainBias) return stock(call);
    const composer = new Composer(call.backend);
    const output = convolve(composer, inputs, info, clampOf(activation));
    return composer.end(activate(composer, output, activation));
  };
}

/** x ∗ filter + bias, clamped. */
export function convolve(
  composer: Composer,
  { x, filter, bias }: ConvolutionInputs,
  info: ConvolutionGeometry,
  [low, high]: readonly [number, number],
): TensorInfo {
  const { top, left } = info.padInfo;
  // As far as the filter reaches; input beyond that takes no part.
  const height = (info.outHeight - 1) * info.strideHeight + info.effectiveFilterHeight;
  const width = (info.outWidth - 1) * info.strideWidth + info.effectiveFilterWidth;
  const padded = composer.fit(x, [0, top, left, 0], [info.batchSize, height, width, info.inChannels]);
  const { backend } = composer;
  const { training } = backend;
  const output = composer.own(backend.makeOutput(info.outShape, "float32"));
  const taps = info.filterHeight * info.filterWidth * info.inChannels;
  training.convolve(
    backend.offset(padded),
    backend.offset(filter),
    bias ? backend.offset(bias) : 0,
    backend.offset(output),
    info.batchSize,
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
    backend.scratch(training.convolveScratch(taps, info.outChannels)),
  );
  return output;
}
