import type { Attribute, NativeBackend } from "../hooks/nativeBackend.js";
import type { Tensor } from "./fastEngine.js";

/** TensorFlow's own BatchNorm ops on [N, 1, 1, C]. Outputs are tensors of the current scope. */
export class NativeBatchNormOps {
  private readonly shared: readonly Attribute[];
  private readonly training: Attribute;
  private readonly inference: Attribute;
  private readonly average: Attribute;

  constructor(
    private readonly backend: NativeBackend,
    epsilon: number,
  ) {
    const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_STRING, TF_ATTR_BOOL } = backend.binding;
    this.shared = [
      { name: "T", type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: "U", type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: "epsilon", type: TF_ATTR_FLOAT, value: epsilon },
      { name: "data_format", type: TF_ATTR_STRING, value: "NHWC" },
    ];
    this.training = { name: "is_training", type: TF_ATTR_BOOL, value: true };
    this.inference = { name: "is_training", type: TF_ATTR_BOOL, value: false };
    this.average = { name: "exponential_avg_factor", type: TF_ATTR_FLOAT, value: 1 };
  }

  /** y, batch mean, unbiased batch variance, and three more for `gradient`. */
  normalize(x: Tensor, scale: Tensor, offset: Tensor, empty: Tensor): Tensor[] {
    const attributes = [...this.shared, this.average, this.training];
    return this.backend.executeMultipleOutputs("FusedBatchNormV3", attributes, [x, scale, offset, empty, empty], 6);
  }

  /** (x − mean)·scale/√(variance + ε) + offset. */
  affine(x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor): Tensor {
    const attributes = [...this.shared, this.average, this.inference];
    const outputs = this.backend.executeMultipleOutputs(
      "FusedBatchNormV3",
      attributes,
      [x, scale, offset, mean, variance],
      6,
    );
    return outputs[0] as Tensor;
  }

  /** Gradients of x, scale and offset through the batch's own statistics, the last three outputs of `normalize`. */
  gradient(dy: Tensor, x: Tensor, scale: Tensor, reserved: readonly Tensor[]): Tensor[] {
    const attributes = [...this.shared, this.training];
    return this.backend.executeMultipleOutputs("FusedBatchNormGradV3", attributes, [dy, x, scale, ...reserved], 5);
  }

  /** Gradients of x, scale and offset with a mean and variance that do not depend on x. */
  affineGradient(dy: Tensor, x: Tensor, scale: Tensor, mean: Tensor, variance: Tensor, empty: Tensor): Tensor[] {
    const attributes = [...this.shared, this.inference];
    const inputs = [dy, x, scale, mean, variance, empty];
    return this.backend.executeMultipleOutputs("FusedBatchNormGradV3", attributes, inputs, 5);
  }
}
