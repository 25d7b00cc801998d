import type { TensorInfo } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";
import { noClamp } from "./activation.js";
import { Composer } from "./composer.js";
import { convolve } from "./conv2d.js";
import { type ConvolutionGeometry, convolutionGeometry, isChannelsLast } from "./convolutionGeometry.js";

/** Fewer than fill a register: the first layer's images. */
const fewChannels = 3;

replaceKernel("Conv2DBackpropInput", () => (call) => {
  const { dy: given, filter } = call.inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = call.attrs as unknown as { inputShape: number[] };
  if (!isChannelsLast(attributes, given, filter)) return runOnCpu("Conv2DBackpropInput", call);
  const info = convolutionGeometry(attributes.inputShape, filter.shape, attributes);
  const backend = call.backend as EmbeddedBackend;
  return backend.promise(info.inShape, [given, filter], () => {
    const composer = new Composer(backend);
    // conv2dTranspose does not insist on the size that belongs to its output.
    const dy = composer.fit(given, [0, 0, 0, 0], info.outShape);
    const result =
      info.inChannels <= fewChannels
        ? ofFewChannels(composer, info, dy, filter)
        : (asConvolution(composer, info, dy, filter) ?? byProducts(composer, info, dy, filter));
    return composer.end(result);
  });
});

function ofFewChannels(composer: Composer, info: ConvolutionGeometry, dy: TensorInfo, filter: TensorInfo): TensorInfo {
  const { backend } = composer;
  const dx = composer.own(backend.makeOutput(info.inShape, "float32"));
  backend.training.inputGradientOfFew(
    backend.offset(dy),
    backend.offset(filter),
    backend.offset(dx),
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.outChannels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  );
  return dx;
}

/** With stride 1 it is the convolution of dy with the filter turned by 180° and its channels exchanged. */
function asConvolution(
  composer: Composer,
  info: ConvolutionGeometry,
  dy: TensorInfo,
  filter: TensorInfo,
): TensorInfo | null {
  const { strideHeight, strideWidth, filterHeight, filterWidth, inChannels, outChannels, padInfo } = info;
  if (strideHeight !== 1 || strideWidth !== 1) return null;
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  const bottom = info.inHeight - info.outHeight + filterHeight - 1 - top;
  const right = info.inWidth - info.outWidth + filterWidth - 1 - left;
  if (Math.min(top, left, bottom, right) < 0) return null;
  const { backend } = composer;
  const turned = composer.own(backend.makeOutput([filterHeight, filterWidth, outChannels, inChannels], "float32"));
  backend.training.turnFilter(
    backend.offset(filter),
    backend.offset(turned),
    filterHeight * filterWidth,
    inChannels,
    outChannels,
  );
  const pad = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const geometry = convolutionGeometry(dy.shape, turned.shape, { strides: 1, pad });
  return convolve(composer, { x: dy, filter: turned }, geometry, noClamp);
}

/** dy times the filter, image by image, each product then added to where it belongs. */
function byProducts(composer: Composer, info: ConvolutionGeometry, dy: TensorInfo, filter: TensorInfo): TensorInfo {
  const backend: EmbeddedBackend = composer.backend;
  const { training } = backend;
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth } = info;
  const positions = outHeight * outWidth;
  const products = filterHeight * filterWidth * inChannels;
  const dx = composer.own(backend.zeros(info.inShape));
  const productBytes = positions * products * 4;
  const scratch = backend.scratch(productBytes + training.gemmScratch(products, outChannels));
  for (let image = 0; image < info.batchSize; image++) {
    const error = backend.offset(dy) + image * positions * outChannels * 4;
    const target = backend.offset(dx) + image * inHeight * inWidth * inChannels * 4;
    training.gemm(
      error,
      outChannels,
      1,
      backend.offset(filter),
      1,
      outChannels,
      scratch,
      positions,
      products,
      outChannels,
      scratch + productBytes,
    );
    training.scatterProducts(
      scratch,
      target,
      inHeight,
      inWidth,
      inChannels,
      outHeight,
      outWidth,
      filterHeight,
      filterWidth,
      info.strideHeight,
      info.strideWidth,
      info.padInfo.top,
      info.padInfo.left,
    );
  }
  return dx;
}
