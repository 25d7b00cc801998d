import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { replaceKernel } from "../kernelTable.js";

interface ResizeAttributes {
  readonly alignCorners: boolean;
  readonly halfPixelCenters?: boolean;
}

/** Where an output row (or column) came from: two sources and the share of the second. */
type Source = readonly [first: number, second: number, share: number];
type SourceOf = (output: number, ratio: number, size: number, attributes: ResizeAttributes) => Source;

const nearest: SourceOf = (output, ratio, size, { alignCorners, halfPixelCenters }) => {
  const exact = ratio * (halfPixelCenters ? output + 0.5 : output);
  const source = Math.max(0, Math.min(size - 1, alignCorners ? Math.round(exact) : Math.floor(exact)));
  return [source, source, 0];
};

const bilinear: SourceOf = (output, ratio, size, { halfPixelCenters }) => {
  const exact = halfPixelCenters ? ratio * (output + 0.5) - 0.5 : ratio * output;
  const first = Math.max(0, Math.floor(exact));
  return [first, Math.min(size - 1, Math.ceil(exact)), exact - first];
};

// tfjs's kernels (JavaScript and WebAssembly) mix up the images of a batch, or read outside of them.
replaceKernel("ResizeNearestNeighborGrad", () => resizeGradient(nearest));
replaceKernel("ResizeBilinearGrad", () => resizeGradient(bilinear));

function resizeGradient(sourceOf: SourceOf): KernelFunc {
  return ({ inputs, attrs, backend: given }) => {
    const { dy, images } = inputs as { dy: TensorInfo; images: TensorInfo };
    const attributes = attrs as unknown as ResizeAttributes;
    const backend = given as EmbeddedBackend;
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const [, outHeight, outWidth] = dy.shape as [number, number, number, number];
    const entryBytes = 12;
    const table = backend.scratch((outHeight + outWidth) * entryBytes);
    const view = new DataView(backend.module.HEAPU8.buffer, table, (outHeight + outWidth) * entryBytes);
    let at = 0;
    for (const [size, outSize] of [
      [height, outHeight],
      [width, outWidth],
    ] as const) {
      const aligned = attributes.alignCorners && outSize > 1 ? 1 : 0;
      const ratio = (size - aligned) / (outSize - aligned);
      for (let output = 0; output < outSize; output++) {
        const [first, second, share] = sourceOf(output, ratio, size, attributes);
        view.setInt32(at, first, true);
        view.setInt32(at + 4, second, true);
        view.setFloat32(at + 8, share, true);
        at += entryBytes;
      }
    }
    const dx = backend.zeros(images.shape);
    const { training } = backend;
    training.resizeGradient(
      backend.offset(dy),
      backend.offset(dx),
      batch,
      height,
      width,
      channels,
      outHeight,
      outWidth,
      table,
    );
    return dx;
  };
}
