import { type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import { addKernel } from "../kernelTable.js";
import { Composer } from "./composer.js";
import { type ConvolutionGeometry, convolutionGeometry, isChannelsLast } from "./convolutionGeometry.js";
import { isForWinograd, winogradFilterGradient } from "./winograd.js";

const channelBlock = 8;
/** Parts of a batch that are summed by themselves: the same however many threads share them, so that results are. */
const mostGroups = 8;

const conv2dBackpropFilter: KernelFunc = (call) => {
  const { x, dy } = call.inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = call.attrs as unknown as { filterShape: number[] };
  if (!isChannelsLast(attributes, x, dy)) return runOnCpu("Conv2DBackpropFilter", call);
  const info = convolutionGeometry(x.shape, attributes.filterShape, attributes);
  const composer = new Composer(call.backend);
  const { backend } = composer;
  const channels = Math.ceil(info.outChannels / channelBlock) * channelBlock;
  const shape = [info.filterHeight, info.filterWidth, info.inChannels, channels];
  const groups = Math.min(info.batchSize, mostGroups);
  const sums = composer.own(backend.makeOutput([groups, ...shape], "float32"));
  const isDone = isForWinograd(backend, info) && winogradFilterGradient(backend, { x, dy, sums }, groups, info);
  if (!isDone) addTaps(composer, { x, dy, sums }, groups, info);
  backend.training.addGroups(backend.offset(sums), groups, util.sizeFromShape(shape));
  const dw = composer.run("Reshape", { x: composer.fit(sums, [0, 0, 0, 0, 0], [1, ...shape]) }, { shape });
  return composer.end(composer.fit(dw, [0, 0, 0, 0], attributes.filterShape));
};

/** Tap by tap, to `sums` [groups, height, width, in, out], the last a multiple of eight. */
function addTaps(
  composer: Composer,
  { x, dy, sums }: Readonly<Record<"x" | "dy" | "sums", TensorInfo>>,
  groups: number,
  info: ConvolutionGeometry,
): void {
  const { backend } = composer;
  const { top, left } = info.padInfo;
  // Edges cost nothing where four taps in a row see the same pixel; else the zeros around the image are written out.
  const isPlain = info.inChannels % 4 === 0;
  const padded = isPlain
    ? x
    : composer.fitImages(
        x,
        top,
        left,
        (info.outHeight - 1) * info.strideHeight + info.filterHeight,
        (info.outWidth - 1) * info.strideWidth + info.filterWidth,
      );
  const [, height, width] = padded.shape as [number, number, number];
  const channels = sums.shape[4] as number;
  const error = composer.fit(dy, [0, 0, 0, 0], [...dy.shape.slice(0, 3), channels]);
  backend.typedArrayFromHeap(sums).fill(0);
  const products = util.sizeFromShape(sums.shape.slice(1)) * info.outHeight * info.outWidth * info.batchSize;
  backend.team.run("filterGradientGroups", groups, products, [
    backend.offset(padded),
    backend.offset(error),
    backend.offset(sums),
    groups,
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
    isPlain ? top : 0,
    isPlain ? left : 0,
  ]);
}

addKernel("Conv2DBackpropFilter", conv2dBackpropFilter);
