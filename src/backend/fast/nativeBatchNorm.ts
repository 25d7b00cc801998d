import type { NativeBackend } from "../hooks/nativeBackend.js";
import { TensorReader } from "../hooks/tensorReader.js";
import { type BatchNormKernel, isFarFromZero, type Normalized, type NormalizeInputs } from "./batchNormKernel.js";
import { type FastEngine, type Tensor, vector } from "./fastEngine.js";
import { NativeBatchNormOps } from "./nativeOps.js";
import { rowGroups, summed, tiled } from "./rowGroups.js";

/** Of more values added one after the other, the sum is too far off. */
const mostRows = 4096;

type Gradients = [Tensor, Tensor, Tensor];

/** A normalised view of x, [rows, 1, 1, groups × C], that may have been shifted. */
interface Pass {
  readonly y: Tensor;
  /** Of the shifted values. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly saved: readonly Tensor[];
  /** dx is of the view's shape. */
  backward(dy: Tensor, saved: readonly Tensor[]): Gradients;
}

interface Parameters {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly epsilon: number;
}

/** BatchNorm by TensorFlow's fused ops, where tfjs composes the forward pass of 9 ops and its gradient of 40. */
export class NativeBatchNorm implements BatchNormKernel {
  private readonly reader: TensorReader;
  private readonly ops = new Map<number, NativeBatchNormOps>();
  /** For layers whose input lies far from zero: what to subtract first, about the mean. */
  private readonly shifts = new WeakMap<object, Float32Array>();

  constructor(
    private readonly engine: FastEngine,
    private readonly backend: NativeBackend,
  ) {
    this.reader = new TensorReader(engine);
  }

  serves(valuesPerChannel: number): boolean {
    return rowGroups(valuesPerChannel).rows <= mostRows;
  }

  normalize(inputs: NormalizeInputs): Normalized {
    const { x, owner, epsilon } = inputs;
    const channels = x.shape.at(-1) as number;
    const valuesPerChannel = x.size / channels;
    const { rows, groups } = rowGroups(valuesPerChannel);
    const view = this.reshape(x, [rows, 1, 1, groups * channels]);
    const pass = (shift: Float32Array | null): Pass => {
      const values = shift === null ? view : this.subtract(view, tiled(shift, groups));
      return groups === 1 ? this.whole(values, inputs) : this.grouped(values, inputs, groups);
    };
    let shift = this.shifts.get(owner) ?? null;
    let result = pass(shift);
    if (isFarFromZero(result, epsilon)) {
      shift = Float32Array.from(shifted(result.mean, shift), (mean) => (Number.isFinite(mean) ? mean : 0));
      this.shifts.set(owner, shift);
      result = pass(shift);
    }
    const statistics = { mean: shifted(result.mean, shift), variance: result.variance, valuesPerChannel };
    if (shift !== null && !isFarFromZero(statistics, epsilon)) this.shifts.delete(owner);
    return {
      y: this.reshape(result.y, x.shape),
      statistics,
      saved: result.saved,
      backward: (dy, saved) => {
        const [dx, dGamma, dBeta] = result.backward(this.reshape(dy, view.shape), saved);
        return [this.reshape(dx, x.shape), dGamma, dBeta];
      },
    };
  }

  /** Few values per channel: TensorFlow's training ops as they are. */
  private whole(x: Tensor, { gamma, beta, epsilon }: Parameters): Pass {
    const ops = this.opsOf(epsilon);
    const [y, mean, variance, ...reserved] = ops.normalize(x, gamma, beta, vector(this.engine, []));
    return {
      y: y as Tensor,
      mean: this.read(mean as Tensor),
      variance: biased(this.read(variance as Tensor), x.shape[0] as number),
      saved: [x, gamma, ...reserved],
      backward: (dy, [x, gamma, ...reserved]) => {
        const [dx, dGamma, dBeta] = ops.gradient(dy, x as Tensor, gamma as Tensor, reserved) as Gradients;
        const lost = lostChannels(this.read(dGamma), this.read(dBeta));
        return [lost === null ? dx : this.subtract(dx, lost), dGamma, dBeta];
      },
    };
  }

  /**
   * Many values per channel. Forward: the moments of the groups make the channel's, by which the whole is normalised.
   * Backward: dx as if mean and variance were constants, with sums per group; then what is missing, which is affine in x.
   */
  private grouped(x: Tensor, { gamma, beta, epsilon }: Parameters, groups: number): Pass {
    const ops = this.opsOf(epsilon);
    const scale = this.read(gamma);
    const channels = scale.length;
    const tile = (values: ArrayLike<number>): Tensor => vector(this.engine, tiled(values, groups));
    const rows = x.shape[0] as number;
    const m = rows * groups;

    const ones = tile(new Float32Array(channels).fill(1));
    const [, groupMean, groupVariance] = ops.normalize(
      x,
      ones,
      tile(new Float32Array(channels)),
      vector(this.engine, []),
    );
    const means = this.read(groupMean as Tensor);
    const mean = summed(means, channels).map((sum) => sum / groups);
    const within = summed(biased(this.read(groupVariance as Tensor), rows), channels);
    const between = summed(
      means.map((value, at) => (value - (mean[at % channels] as number)) ** 2),
      channels,
    );
    const variance = within.map((sum, channel) => (sum + (between[channel] as number)) / groups);
    const y = ops.affine(x, tile(scale), tile(this.read(beta)), tile(mean), tile(variance));

    return {
      y,
      mean,
      variance,
      saved: [x],
      backward: (dy, saved) => {
        const x = saved[0] as Tensor;
        const [means, variances] = [tile(mean), tile(variance)];
        const [straight, gammas, betas] = ops.affineGradient(
          dy,
          x,
          tile(scale),
          means,
          variances,
          vector(this.engine, []),
        );
        const dGamma = summed(this.read(gammas as Tensor), channels);
        const dBeta = summed(this.read(betas as Tensor), channels);
        // −γ·r/m, by which dβ and, times x̂, dγ enter dx.
        const factor = scale.map((value, channel) => -value / Math.sqrt((variance[channel] as number) + epsilon) / m);
        const slope = dGamma.map((value, channel) => value * (factor[channel] as number));
        const lost = lostChannels(dGamma, dBeta);
        const offset = dBeta.map((value, channel) => value * (factor[channel] as number) + (lost?.[channel] ?? 0));
        const rest = ops.affine(x, tile(slope), tile(offset), means, variances);
        const dx = this.engine.runKernel("Add", { a: straight, b: rest }) as Tensor;
        return [dx, vector(this.engine, dGamma), vector(this.engine, dBeta)];
      },
    };
  }

  private opsOf(epsilon: number): NativeBatchNormOps {
    const known = this.ops.get(epsilon);
    if (known !== undefined) return known;
    const made = new NativeBatchNormOps(this.backend, epsilon);
    this.ops.set(epsilon, made);
    return made;
  }

  private reshape(x: Tensor, shape: readonly number[]): Tensor {
    return this.engine.runKernel("Reshape", { x }, { shape }) as Tensor;
  }

  private subtract(x: Tensor, values: Float32Array): Tensor {
    return this.engine.runKernel("Sub", { a: x, b: vector(this.engine, values) }) as Tensor;
  }

  private read(tensor: Tensor): Float64Array {
    const values = this.reader.copy(tensor);
    if (values === null)
      throw new Error(`Fast BatchNorm: got a tensor of ${tensor.dtype} without values, wanted float32.`);
    return values;
  }
}

/**
 * NaN for channels whose gradients are not finite, 0 for the others; null when all are. In such a channel tfjs's dx is
 * NaN throughout; TensorFlow's order of operations would leave Infinity here and there.
 */
function lostChannels(dGamma: Float64Array, dBeta: Float64Array): Float32Array | null {
  const sums = dGamma.map((value, channel) => value + (dBeta[channel] as number));
  return sums.every(Number.isFinite) ? null : Float32Array.from(sums, (sum) => (Number.isFinite(sum) ? 0 : Number.NaN));
}

/** From the variance with m − 1 in the denominator, which is TensorFlow's. */
function biased(unbiased: Float64Array, m: number): Float64Array {
  return unbiased.map((value) => (value * (m - 1)) / m);
}

function shifted(values: Float64Array, shift: Float32Array | null): Float64Array {
  return shift === null ? values : values.map((value, channel) => value + (shift[channel] as number));
}
