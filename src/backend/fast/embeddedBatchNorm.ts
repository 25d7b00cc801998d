import { TensorReader } from "../hooks/tensorReader.js";
import type { BatchNormKernel, Normalized, NormalizeInputs } from "./batchNormKernel.js";
import type { EmbeddedBackendLike, FastKernels } from "./embeddedMemory.js";
import { type FastEngine, type Tensor, vector } from "./fastEngine.js";
import { LaneTable } from "./laneTable.js";

/** So many rows tell about where a channel lies. */
const sampledRows = 16;

/** BatchNorm by SIMD kernels of our own, in the embedded engine's memory: x is read twice and y written once. */
export class EmbeddedBatchNorm implements BatchNormKernel {
  private readonly reader: TensorReader;

  constructor(
    private readonly engine: FastEngine,
    private readonly backend: EmbeddedBackendLike,
    private readonly kernels: FastKernels,
  ) {
    this.reader = new TensorReader(engine);
  }

  serves(): boolean {
    return true;
  }

  normalize({ x, gamma, beta, epsilon }: NormalizeInputs): Normalized {
    const { backend, kernels } = this;
    const channels = x.shape.at(-1) as number;
    const m = x.size / channels;
    const scale = this.read(gamma);
    const offset = this.read(beta);
    const shift = nearMean(this.values(x), channels);
    const y = this.output(x.shape);
    const lanes = new LaneTable(backend, channels);
    const { width } = lanes;
    const rows = Math.floor(x.size / width);
    const rest = x.size % width;
    const size = [rows, rest, width] as const;

    lanes.set("shift", shift);
    kernels.moments(backend.offset(x), ...size, lanes.at("shift"), lanes.at("first"), lanes.at("second"));
    const distance = lanes.sums("first").map((sum) => sum / m);
    const square = lanes.sums("second").map((sum) => sum / m);
    const mean = distance.map((value, channel) => value + (shift[channel] as number));
    const variance = square.map((value, channel) => positive(value - (distance[channel] as number) ** 2));
    const r = variance.map((value) => 1 / Math.sqrt(value + epsilon));
    // The mean as float32 and what that leaves out: near their mean, values less the first are exact.
    const center = Float32Array.from(mean);
    const remainder = mean.map((value, channel) => value - (center[channel] as number));

    const factor = scale.map((value, channel) => value * (r[channel] as number));
    lanes.set("shift", center);
    lanes.set("scale", factor);
    lanes.set(
      "offset",
      offset.map((value, channel) => value - (remainder[channel] as number) * (factor[channel] as number)),
    );
    kernels.normalize(
      backend.offset(x),
      backend.offset(y),
      ...size,
      lanes.at("shift"),
      lanes.at("scale"),
      lanes.at("offset"),
    );

    const backward = (dy: Tensor, [x]: readonly Tensor[]): [Tensor, Tensor, Tensor] => {
      const values = x as Tensor;
      const dx = this.output(values.shape);
      const lanes = new LaneTable(backend, channels);
      const [atX, atDy, atShift] = [backend.offset(values), backend.offset(dy), lanes.at("shift")];
      lanes.set("shift", center);
      kernels.gradientSums(atX, atDy, ...size, atShift, lanes.at("first"), lanes.at("second"));
      const dBeta = lanes.sums("first");
      // Σ dy·x̂ = r·Σ dy·(x − μ)
      const dGamma = lanes
        .sums("second")
        .map(
          (sum, channel) =>
            (sum - (remainder[channel] as number) * (dBeta[channel] as number)) * (r[channel] as number),
        );
      const error = dBeta.map((sum) => sum / m);
      const slope = dGamma.map((sum, channel) => (sum / m) * (r[channel] as number));
      lanes.set("mean", error);
      lanes.set("slope", slope);
      lanes.set("scale", factor);
      const correction = slope.map(
        (value, channel) =>
          (value * (remainder[channel] as number) +
            Math.fround(error[channel] as number) -
            (error[channel] as number)) *
          (factor[channel] as number),
      );
      lanes.set("offset", correction);
      const tables = [lanes.at("mean"), lanes.at("slope"), lanes.at("scale"), lanes.at("offset")] as const;
      kernels.gradient(atX, atDy, backend.offset(dx), ...size, atShift, ...tables);
      return [dx, vector(this.engine, dGamma), vector(this.engine, dBeta)];
    };
    return { y, statistics: { mean, variance, valuesPerChannel: m }, saved: [x], backward };
  }

  private output(shape: readonly number[]): Tensor {
    return this.engine.makeTensorFromTensorInfo(this.backend.makeOutput([...shape], "float32"));
  }

  private read(tensor: Tensor): Float64Array {
    return Float64Array.from(this.values(tensor));
  }

  /** Valid until memory is asked for. */
  private values(tensor: Tensor): Float32Array {
    const values = this.reader.values(tensor);
    if (!(values instanceof Float32Array))
      throw new Error(`Fast BatchNorm: got a tensor of ${tensor.dtype}, wanted float32.`);
    return values;
  }
}

/** The mean of a few rows, as float32; 0 for a channel in which they are not all finite. */
function nearMean(values: Float32Array, channels: number): Float32Array {
  const m = values.length / channels;
  const count = Math.min(m, sampledRows);
  const sum = new Float64Array(channels);
  for (let sample = 0; sample < count; sample++) {
    const row = Math.floor((sample * m) / count) * channels;
    for (let channel = 0; channel < channels; channel++) {
      sum[channel] = (sum[channel] as number) + (values[row + channel] as number);
    }
  }
  return Float32Array.from(sum, (total) => (Number.isFinite(total) ? total / count : 0));
}

/** Rounding may leave a constant channel a little below zero. NaN stays. */
function positive(value: number): number {
  return value < 0 ? 0 : value;
}
