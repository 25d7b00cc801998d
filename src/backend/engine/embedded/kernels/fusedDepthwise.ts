import type { TensorInfo } from "@tensorflow/tfjs-core";
import { replaceKernel } from "../kernelTable.js";
import { activate, type FusedAttributes, unfused } from "./activation.js";
import { Composer } from "./composer.js";

/** tfjs's kernel takes biases of one axis only, and clamps NaN to 0. */
replaceKernel("FusedDepthwiseConv2D", (stock) => (call) => {
  const inputs = call.inputs as unknown as {
    readonly x: TensorInfo;
    readonly filter: TensorInfo;
    readonly bias?: TensorInfo;
    readonly preluActivationWeights?: TensorInfo;
  };
  const { x, filter, bias } = inputs;
  const attributes = call.attrs as FusedAttributes;
  const composer = new Composer(call.backend);
  if (!bias || bias.shape.length === 1) {
    const linear = composer.own(stock({ ...call, attrs: { ...call.attrs, activation: "linear" } }) as TensorInfo);
    return composer.end(activate(composer, linear, attributes, inputs.preluActivationWeights));
  }
  const product = composer.run("DepthwiseConv2dNative", { x, filter }, attributes);
  return composer.end(unfused(composer, product, inputs, attributes));
});
