import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";

export type ConvolutionGeometry = ReturnType<typeof backend_util.computeConv2DInfo>;
type Shape4 = [number, number, number, number];

interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  readonly dilations?: number | [number, number];
  readonly dataFormat?: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Sizes and paddings of a convolution, from the attributes that all kernels of convolutions have. */
export function convolutionGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: object,
  depthwise = false,
): ConvolutionGeometry {
  const { strides, pad, dilations, dimRoundingMode } = attributes as ConvolutionAttributes;
  const [input, filter] = [inputShape as Shape4, filterShape as Shape4];
  return backend_util.computeConv2DInfo(input, filter, strides, dilations ?? 1, pad, dimRoundingMode, depthwise);
}

/** Our kernels are for float32 with the channels last, which is what tfjs-layers hands over. */
export function isChannelsLast(attributes: object, ...tensors: (TensorInfo | undefined)[]): boolean {
  const { dataFormat } = attributes as ConvolutionAttributes;
  return dataFormat !== "NCHW" && tensors.every((tensor) => tensor === undefined || tensor.dtype === "float32");
}
