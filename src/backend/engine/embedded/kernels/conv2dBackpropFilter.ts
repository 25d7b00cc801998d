import { backend_util, type Conv2DBackpropFilterAttrs, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";
import { registerKernel } from "../kernelTable.js";
import { Composer } from "./composer.js";

/**
 * dW[kh, kw, i, o] = Σ x[n, oh·s + kh, ow·s + kw, i] · dy[n, oh, ow, o], which is a convolution of x (channels as
 * batch, batch as channels) with dy as the filter, dilated by the stride.
 */
const conv2dBackpropFilter: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, dimRoundingMode, filterShape, dataFormat } = attrs as unknown as Conv2DBackpropFilterAttrs;
  if (dataFormat !== "NHWC") throw new Error(`Conv2DBackpropFilter: got data format ${dataFormat}, wanted NHWC.`);
  const info = backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { top, bottom, left, right } = info.padInfo;
  const composer = new Composer(backend);
  const padded = composer.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  const perChannel = composer.transpose(padded, [3, 1, 2, 0]);
  const filter = composer.transpose(dy, [1, 2, 0, 3]);
  const convolved = composer.run(
    "Conv2D",
    { x: perChannel, filter },
    { strides: 1, pad: "valid", dataFormat: "NHWC", dilations: [info.strideHeight, info.strideWidth] },
  );
  const cropped = composer.slice(convolved, [info.inChannels, info.filterHeight, info.filterWidth, info.outChannels]);
  return composer.end(composer.transpose(cropped, [1, 2, 0, 3]));
};

registerKernel({ kernelName: "Conv2DBackpropFilter", backendName: "wasm", kernelFunc: conv2dBackpropFilter });
