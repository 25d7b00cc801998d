import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { replaceKernel } from "../kernelTable.js";
import { activate, clampOf, isServed } from "./activation.js";
import { Composer } from "./composer.js";

interface FusedMatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: string;
}

replaceKernel("_FusedMatMul", (stock) => (call) => {
  const { a, b, bias } = call.inputs as { a: TensorInfo; b: TensorInfo; bias?: TensorInfo };
  const { transposeA, transposeB, activation } = call.attrs as unknown as FusedMatMulAttributes;
  const columns = (transposeB ? b.shape.at(-2) : b.shape.at(-1)) as number;
  const hasPlainBias = bias === undefined || bias === null || util.sizeFromShape(bias.shape) === columns;
  if (a.dtype !== "float32" || !isServed(activation) || !hasPlainBias) return stock(call);
  const composer = new Composer(call.backend);
  const product = composer.run("BatchMatMul", { a, b }, { transposeA, transposeB });
  const { backend } = composer;
  const rows = util.sizeFromShape(product.shape) / columns;
  const [low, high] = clampOf(activation);
  backend.training.addBias(backend.offset(product), bias ? backend.offset(bias) : 0, rows, columns, low, high);
  return composer.end(activate(composer, product, activation));
});
