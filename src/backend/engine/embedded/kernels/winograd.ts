import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import type { ConvolutionGeometry } from "./convolutionGeometry.js";

/** Outputs of a tile on each axis, and places that its products take. */
const tile = 4;
const places = 36;
/** Channels that are kept in registers. */
const channelBlock = 8;
/** Transforming a filter has to be worth it. */
const fewestTiles = 32;
/** Of what is computed, this part at least must lie within the image. */
const leastFill = 0.6;
/** Input channels × output channels: every thread holds 36 values for each. */
const largestFilter = 65_536;
/** Of the second-level cache, for the tiles that are worked on at once. */
const blockBytes = 2 ** 19;
const mostTilesAtOnce = 32;
/** Multiplications that a transform counts for, by the time it takes. */
const savedFactor = 2.5;

export interface ConvolutionInputs {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly bias?: TensorInfo;
}

/** Whether Winograd's transforms serve a convolution, its backend allows them, and they are faster than doing without. */
export function isForWinograd(backend: EmbeddedBackend, info: ConvolutionGeometry): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { inChannels, outChannels, outHeight, outWidth, padInfo } = info;
  const tiles = Math.ceil(outHeight / tile) * Math.ceil(outWidth / tile);
  return (
    backend.allowsWinograd &&
    filterHeight === 3 &&
    filterWidth === 3 &&
    [strideHeight, strideWidth, dilationHeight, dilationWidth].every((step) => step === 1) &&
    inChannels % channelBlock === 0 &&
    outChannels % channelBlock === 0 &&
    inChannels * outChannels <= largestFilter &&
    tiles * info.batchSize >= fewestTiles &&
    outHeight * outWidth >= leastFill * tiles * tile * tile &&
    // A window may not lie outside of the image altogether.
    padInfo.left <= 2 &&
    padInfo.top <= 2
  );
}

/** x ∗ filter + bias, clamped, to `output`; false if something in it is not finite, which transforms spread over a tile. */
export function winogradConvolution(
  backend: EmbeddedBackend,
  output: TensorInfo,
  { x, filter, bias }: ConvolutionInputs,
  info: ConvolutionGeometry,
  [low, high]: readonly [number, number],
): boolean {
  const { training, team } = backend;
  const { inChannels, outChannels, outWidth } = info;
  const block = tilesAtOnce(inChannels, outChannels);
  const bytes = training.winogradScratch(team.size, block, outWidth, inChannels, outChannels);
  const scratch = backend.scratch(bytes + places * inChannels * outChannels * 4);
  const panels = scratch + bytes;
  training.winogradFilter(backend.offset(filter), inChannels, outChannels, panels, scratch);
  const rows = info.batchSize * Math.ceil(info.outHeight / tile);
  const parameters = [
    ...[backend.offset(x), panels, bias ? backend.offset(bias) : 0, backend.offset(output), scratch, block],
    ...geometryArguments(info),
    ...[low, high],
  ];
  return ranFinite(backend, scratch, () => team.run("winogradRows", rows, workOf(info), parameters));
}

/** The gradient of the filter, a sum for each of `groups` parts of the batch at `sums`; false if they are not finite. */
export function winogradFilterGradient(
  backend: EmbeddedBackend,
  { x, dy, sums }: Readonly<Record<"x" | "dy" | "sums", TensorInfo>>,
  groups: number,
  info: ConvolutionGeometry,
): boolean {
  const { training, team } = backend;
  const { inChannels, outChannels, outWidth, batchSize } = info;
  const block = tilesAtOnce(inChannels, outChannels);
  const scratch = backend.scratch(training.winogradFilterScratch(team.size, block, outWidth, inChannels, outChannels));
  const parameters = [
    ...[backend.offset(x), backend.offset(dy), backend.offset(sums), scratch, block, groups, batchSize],
    ...geometryArguments(info),
  ];
  return ranFinite(backend, scratch, () => team.run("winogradFilterGroups", groups, workOf(info), parameters));
}

/** Runs a kernel that sets the flag at `scratch` where a result is not finite. */
function ranFinite(backend: EmbeddedBackend, scratch: number, run: () => void): boolean {
  const flag = new Int32Array(backend.module.memory.buffer, scratch, 1);
  flag[0] = 0;
  run();
  return flag[0] === 0;
}

function tilesAtOnce(inChannels: number, outChannels: number): number {
  const fitting = Math.floor(blockBytes / (places * 4 * (inChannels + outChannels)) / 4) * 4;
  return Math.max(4, Math.min(mostTilesAtOnce, fitting));
}

function workOf({ inChannels, outShape }: ConvolutionGeometry): number {
  return (9 * inChannels * util.sizeFromShape(outShape)) / savedFactor;
}

function geometryArguments(info: ConvolutionGeometry): readonly number[] {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  return [inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo.top, padInfo.left];
}
