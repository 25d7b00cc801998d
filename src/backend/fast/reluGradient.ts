import type { TensorLike } from "../hooks/tensorflow.js";
import { isEmbeddedBackend, kernelsIn } from "./embeddedMemory.js";
import { backendOf, type FastEngine, type Tensor } from "./fastEngine.js";
import type { GradientConfig } from "./gradientRegistry.js";
import { isNativeBackend } from "./nativeOps.js";

/**
 * The gradient of ReLU, dy·step(x), the same bits from fewer operations: tfjs-node composes step of seven ops and arrays
 * made in JavaScript. From the output y instead of the input, since step(x) = sign(y), NaN included.
 */
export function fastReluGradient(engine: FastEngine, original: GradientConfig): GradientConfig {
  return {
    kernelName: original.kernelName,
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      const y = saved[0] as Tensor;
      const backend = backendOf(engine, y);
      // With a tape on, this gradient is differentiated in turn: tfjs's ops know how.
      if (backend === null || engine.state.gradientDepth > 0) return original.gradFunc(dy, saved, attributes);
      if (isNativeBackend(backend)) {
        return { x: () => engine.tidy(() => multiply(engine, dy, engine.runKernel("Sign", { x: y }) as Tensor)) };
      }
      const kernels = isEmbeddedBackend(backend) && isFloat(dy) && isFloat(y) ? kernelsIn(backend) : null;
      if (kernels === null || !isEmbeddedBackend(backend)) return original.gradFunc(dy, saved, attributes);
      return {
        x: () => {
          const info = backend.makeOutput([...y.shape], "float32");
          kernels.reluGradient(
            backend.offset(dy),
            backend.offset(y),
            backend.offset({ ...info, size: y.size }),
            y.size,
          );
          return engine.makeTensorFromTensorInfo(info);
        },
      };
    },
  };
}

function multiply(engine: FastEngine, a: Tensor, b: Tensor): Tensor {
  return engine.runKernel("Multiply", { a, b }) as Tensor;
}

function isFloat(tensor: TensorLike): boolean {
  return tensor.dtype === "float32";
}
