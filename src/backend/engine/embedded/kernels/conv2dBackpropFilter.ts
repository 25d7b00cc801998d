import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import { addKernel } from "../kernelTable.js";
import { Composer } from "./composer.js";
import { convolutionGeometry, isChannelsLast } from "./convolutionGeometry.js";

const channelBlock = 8;

const conv2dBackpropFilter: KernelFunc = (call) => {
  const { x, dy } = call.inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = call.attrs as unknown as { filterShape: number[] };
  if (!isChannelsLast(attributes, x, dy)) return runOnCpu("Conv2DBackpropFilter", call);
  const info = convolutionGeometry(x.shape, attributes.filterShape, attributes);
  const { top, left } = info.padInfo;
  // As far as the filter reaches; input beyond that takes no part.
  const height = (info.outHeight - 1) * info.strideHeight + info.filterHeight;
  const width = (info.outWidth - 1) * info.strideWidth + info.filterWidth;
  const composer = new Composer(call.backend);
  const { backend } = composer;
  const padded = composer.fit(x, [0, top, left, 0], [info.batchSize, height, width, info.inChannels]);
  const channels = Math.ceil(info.outChannels / channelBlock) * channelBlock;
  const error = composer.fit(dy, [0, 0, 0, 0], [...dy.shape.slice(0, 3), channels]);
  const dw = composer.own(backend.zeros([info.filterHeight, info.filterWidth, info.inChannels, channels]));
  backend.training.filterGradient(
    backend.offset(padded),
    backend.offset(error),
    backend.offset(dw),
    info.batchSize,
    height,
    width,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    channels,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
  );
  return composer.end(composer.fit(dw, [0, 0, 0, 0], attributes.filterShape));
};

addKernel("Conv2DBackpropFilter", conv2dBackpropFilter);
