import type { TensorInfo } from "@tensorflow/tfjs-core";
import { replaceKernel } from "../kernelTable.js";
import { type FusedAttributes, unfused } from "./activation.js";
import { Composer } from "./composer.js";

/** tfjs's kernel takes biases of one axis only. */
replaceKernel("FusedDepthwiseConv2D", (stock) => (call) => {
  const inputs = call.inputs as unknown as {
    readonly x: TensorInfo;
    readonly filter: TensorInfo;
    readonly bias?: TensorInfo;
    readonly preluActivationWeights?: TensorInfo;
  };
  const { x, filter, bias } = inputs;
  if (!bias || bias.shape.length === 1) return stock(call);
  const composer = new Composer(call.backend);
  const attributes = call.attrs as FusedAttributes;
  const product = composer.run("DepthwiseConv2dNative", { x, filter }, attributes);
  return composer.end(unfused(composer, product, inputs, attributes));
});
