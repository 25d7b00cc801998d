import { type TensorInfo, util } from "@tensorflow/tfjs-core";
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
  const products = info.filterHeight * info.filterWidth * info.inChannels * util.sizeFromShape(info.outShape);
  backend.team.run("inputGradientOfFew", info.batchSize, products, [
    backend.offset(dy),
    backend.offset(filter),
    backend.offset(dx),
    ...geometryArguments(info),
  ]);
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
  const { backend } = composer;
  const products = info.filterHeight * info.filterWidth * info.inChannels;
  const dx = composer.own(backend.zeros(info.inShape));
  const [from, by, to] = [backend.offset(dy), backend.offset(filter), backend.offset(dx)];
  const bytes = backend.training.productScratch(info.outHeight * info.outWidth, products, info.outChannels);
  backend.team.run("inputGradientByProducts", info.batchSize, products * util.sizeFromShape(info.outShape), [
    from,
    by,
    to,
    backend.scratch(bytes * backend.team.size),
    ...geometryArguments(info),
  ]);
  return dx;
}

/** As both kernels take it. */
function geometryArguments(info: ConvolutionGeometry): readonly number[] {
  return [
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
  ];
}
