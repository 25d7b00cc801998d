import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { replaceKernel } from "../kernelTable.js";
import { clampOf, type FusedAttributes, unfused } from "./activation.js";
import { Composer } from "./composer.js";

interface MatMulAttributes extends FusedAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

replaceKernel("_FusedMatMul", () => (call) => {
  const inputs = call.inputs as unknown as {
    readonly a: TensorInfo;
    readonly b: TensorInfo;
    readonly bias?: TensorInfo;
    readonly preluActivationWeights?: TensorInfo;
  };
  const { a, b, bias } = inputs;
  const attributes = call.attrs as unknown as MatMulAttributes;
  const { transposeA, transposeB } = attributes;
  const composer = new Composer(call.backend);
  const product = composer.run("BatchMatMul", { a, b }, { transposeA, transposeB });
  const columns = product.shape.at(-1) as number;
  const clamp = product.dtype === "float32" ? clampOf(attributes.activation ?? "linear") : null;
  if (clamp === null || (bias && !(bias.shape.length === 1 && bias.shape[0] === columns))) {
    return composer.end(unfused(composer, product, inputs, attributes));
  }
  const { backend } = composer;
  const rows = util.sizeFromShape(product.shape) / columns;
  const [low, high] = clamp;
  if (rows > 0) {
    backend.training.addBias(backend.offset(product), bias ? backend.offset(bias) : 0, rows, columns, low, high);
  }
  return composer.end(product);
});
