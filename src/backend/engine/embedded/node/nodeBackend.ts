import * as tf from "@tensorflow/tfjs";
import { decodeBmp } from "./bmpDecoder.js";
import { EventFile } from "./eventFile.js";
import { decodeGif } from "./gifDecoder.js";
import { histogramBuckets } from "./histogramBuckets.js";
import { decodeJpeg, encodeJpeg } from "./jpegCodec.js";
import { type Picture, withChannels } from "./picture.js";
import { decodePng } from "./pngDecoder.js";
import { encodePng } from "./pngEncoder.js";

/**
 * What tfjs-node's own JavaScript (images, summaries) asks of its native backend, without TensorFlow. Stands in for
 * tfjs-node's `nodejs_kernel_backend` in the bundle, so that arguments are checked by tfjs-node's own code.
 */
const standIn = {
  decodeJpeg(
    contents: Uint8Array,
    channels: number,
    ratio: number,
    _fancyUpscaling: boolean,
    tryRecoverTruncated: boolean,
  ): tf.Tensor {
    return toTensor(decodeJpeg(contents, channels, ratio, tryRecoverTruncated));
  },
  decodePng: (contents: Uint8Array, channels: number) => toTensor(withChannels(decodePng(contents), channels)),
  decodeBmp: (contents: Uint8Array, channels: number) => toTensor(withChannels(decodeBmp(contents), channels)),
  decodeGif(contents: Uint8Array): tf.Tensor {
    const { shape, pixels } = decodeGif(contents);
    return tf.tensor(Int32Array.from(pixels), shape, "int32");
  },
  encodeJpeg(pixels: Uint8Array, shape: number[], format: string, quality: number): EncodedImage {
    const [height, width, channels] = shape as [number, number, number];
    const expected = { grayscale: 1, rgb: 3 }[format] ?? channels;
    if (expected !== channels)
      throw new Error(`encodeJpeg: format ${format} wants ${expected} channels, got ${channels}.`);
    return encoded(encodeJpeg({ width, height, channels, pixels }, quality));
  },
  encodePng(pixels: Uint8Array, shape: number[], compression: number): EncodedImage {
    const [height, width, channels] = shape as [number, number, number];
    return encoded(encodePng({ width, height, channels, pixels }, compression));
  },
  summaryWriter: (): { file?: EventFile } => ({}),
  createSummaryFileWriter(
    writer: { file?: EventFile },
    folder: string,
    _maxQueue: number,
    _flushMillis: number,
    suffix: string,
  ): void {
    writer.file = new EventFile(folder, suffix);
  },
  writeScalarSummary({ file }: { file?: EventFile }, step: number, name: string, value: number | tf.Scalar): void {
    assertStep(step);
    file?.scalar(step, name, typeof value === "number" ? value : (value.dataSync()[0] as number));
  },
  writeHistogramSummary(
    { file }: { file?: EventFile },
    step: number,
    name: string,
    data: tf.Tensor,
    buckets: number | undefined,
    description: string | undefined,
  ): void {
    assertStep(step);
    file?.histogram(step, name, histogramBuckets(data.dataSync(), buckets ?? defaultBuckets), description);
  },
  flushSummaryWriter(): void {
    // Every event is written at once.
  },
};

/** As in TensorBoard's own plugin. */
const defaultBuckets = 30;

export function nodeBackend(): typeof standIn {
  return standIn;
}

export function ensureTensorflowBackend(): void {
  // These functions need no engine.
}

function assertStep(step: number): void {
  tf.util.assert(Number.isInteger(step), () => `step is expected to be an integer, but is instead ${step}`);
}

function toTensor({ width, height, channels, pixels }: Picture): tf.Tensor {
  return tf.tensor(Int32Array.from(pixels), [height, width, channels], "int32");
}

/** What tfjs-node's `encodeImage` does with the tensor: it takes the bytes out of it. */
interface EncodedImage {
  data(): Promise<Uint8Array[]>;
  dispose(): void;
}

function encoded(bytes: Uint8Array): EncodedImage {
  return {
    data: async () => [bytes],
    dispose() {
      // There is no tensor.
    },
  };
}
