import { isNativeBackend } from "../hooks/nativeBackend.js";
import type { BackendLike } from "../hooks/tensorflow.js";
import { isEmbeddedBackend, kernelsIn } from "./embeddedMemory.js";
import { backendOf, type FastEngine, type Tensor } from "./fastEngine.js";
import type { GradientConfig } from "./gradientRegistry.js";

type Step = (dy: Tensor, saved: Tensor) => Tensor;

/**
 * The gradient of ReLU, dy·step(x), in the same bits from fewer operations: tfjs-node composes `step` of seven ops and
 * of arrays made in JavaScript. Null on a backend that is served no faster.
 */
export function fastReluGradient(
  engine: FastEngine,
  backend: BackendLike,
  original: GradientConfig,
): GradientConfig | null {
  if (isNativeBackend(backend)) {
    // TensorFlow's ReLU keeps NaN, so that step(x) is the sign of the output.
    const multiply: Step = (dy, y) =>
      engine.tidy(() => engine.runKernel("Multiply", { a: dy, b: engine.runKernel("Sign", { x: y }) }) as Tensor);
    return withStep(engine, backend, original, { outputsToSave: [true] }, multiply);
  }
  const kernels = isEmbeddedBackend(backend) ? kernelsIn(backend) : null;
  if (kernels === null || !isEmbeddedBackend(backend)) return null;
  return withStep(engine, backend, original, { inputsToSave: ["x"] }, (dy, x) => {
    const dx = engine.makeTensorFromTensorInfo(backend.makeOutput([...x.shape], "float32"));
    kernels.reluGradient(backend.offset(dy), backend.offset(x), backend.offset(dx), x.size);
    return dx;
  });
}

/** What is saved is x or relu(x): for tfjs's own gradient, which stays for everything else, they are the same. */
function withStep(
  engine: FastEngine,
  backend: BackendLike,
  { kernelName, gradFunc }: GradientConfig,
  saving: Pick<GradientConfig, "inputsToSave" | "outputsToSave">,
  step: Step,
): GradientConfig {
  return {
    kernelName,
    ...saving,
    gradFunc: (dy, saved, attributes) => {
      const [value] = saved as [Tensor];
      const isOurs = [dy, value].every((tensor) => tensor.dtype === "float32" && backendOf(engine, tensor) === backend);
      // With a tape on, this gradient is differentiated in turn: tfjs's ops know how.
      if (!isOurs || engine.state.gradientDepth > 0) return gradFunc(dy, saved, attributes);
      return { x: () => step(dy, value) };
    },
  };
}
