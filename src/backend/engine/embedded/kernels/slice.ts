import { slice_util, type TensorInfo } from "@tensorflow/tfjs-core";
import { replaceKernel } from "../kernelTable.js";

/** tfjs's kernel reads beyond the tensor where the others refuse. */
replaceKernel("Slice", (stock) => (call) => {
  const { x } = call.inputs as { x: TensorInfo };
  const { begin, size } = call.attrs as unknown as { begin: number | number[]; size?: number | number[] };
  const [from, sizes] = slice_util.parseSliceParams(x as never, begin, size) as [number[], number[]];
  slice_util.assertParamsValid(x as never, from, sizes);
  return stock(call);
});
