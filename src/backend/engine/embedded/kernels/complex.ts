import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { addKernel } from "../kernelTable.js";

addKernel("Complex", ({ inputs, backend }) => {
  const { real, imag } = inputs as { real: TensorInfo; imag: TensorInfo };
  const embedded = backend as EmbeddedBackend;
  const output = embedded.makeOutput(real.shape, "complex64");
  const pairs = embedded.typedArrayFromHeap(output);
  const [reals, imaginaries] = [embedded.typedArrayFromHeap(real), embedded.typedArrayFromHeap(imag)];
  for (let index = 0; index < reals.length; index++) {
    pairs[2 * index] = reals[index] as number;
    pairs[2 * index + 1] = imaginaries[index] as number;
  }
  return output;
});
addKernel("Real", part(0));
addKernel("Imag", part(1));

function part(offset: 0 | 1): KernelFunc {
  return ({ inputs, backend }) => {
    const { input } = inputs as { input: TensorInfo };
    const embedded = backend as EmbeddedBackend;
    const output = embedded.makeOutput(input.shape, "float32");
    const values = embedded.typedArrayFromHeap(output);
    const pairs = embedded.typedArrayFromHeap(input);
    for (let index = 0; index < values.length; index++) values[index] = pairs[2 * index + offset] as number;
    return output;
  };
}
