import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { runOnCpu } from "../cpuFallback.js";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { addKernel } from "../kernelTable.js";
import { convolutionGeometry, isChannelsLast } from "./convolutionGeometry.js";

/** Both gradients of a depthwise convolution: `wanted` 0 for the input's, 1 for the filter's. */
function depthwiseGradient(kernelName: string, wanted: 0 | 1): KernelFunc {
  return (call) => {
    const { dy, filter, x } = call.inputs as Record<string, TensorInfo | undefined>;
    const attributes = call.attrs as unknown as { inputShape?: number[]; filterShape?: number[] };
    const other = wanted === 0 ? filter : x;
    if (dy === undefined || other === undefined || !isChannelsLast(attributes, dy, other)) {
      return runOnCpu(kernelName, call);
    }
    const inputShape = wanted === 0 ? (attributes.inputShape as number[]) : other.shape;
    const filterShape = wanted === 0 ? other.shape : (attributes.filterShape as number[]);
    const info = convolutionGeometry(inputShape, filterShape, attributes, true);
    const backend = call.backend as EmbeddedBackend;
    const output = backend.zeros(wanted === 0 ? inputShape : filterShape);
    backend.training.depthwiseGradient(
      wanted,
      backend.offset(dy),
      backend.offset(other),
      backend.offset(output),
      info.batchSize,
      info.inHeight,
      info.inWidth,
      info.inChannels,
      info.outChannels / info.inChannels,
      info.outHeight,
      info.outWidth,
      info.filterHeight,
      info.filterWidth,
      info.strideHeight,
      info.strideWidth,
      info.dilationHeight,
      info.dilationWidth,
      info.padInfo.top,
      info.padInfo.left,
    );
    return output;
  };
}

addKernel("DepthwiseConv2dNativeBackpropInput", depthwiseGradient("DepthwiseConv2dNativeBackpropInput", 0));
addKernel("DepthwiseConv2dNativeBackpropFilter", depthwiseGradient("DepthwiseConv2dNativeBackpropFilter", 1));
