import { engine, type GradConfig, type Tensor, util } from "@tensorflow/tfjs-core";
import { EmbeddedBackend } from "./embeddedBackend.js";

interface Reduction {
  readonly axis: number | number[];
}

/**
 * tfjs spreads the gradient of a sum or mean by multiplying it with an array of ones, which it fills in JavaScript: a
 * tenth of a step of a network with BatchNorm. Tiling gives the same bits.
 */
export function replaceGradients(registry: Map<string, GradConfig>): void {
  for (const [kernelName, divides] of [
    ["Sum", false],
    ["Mean", true],
  ] as const) {
    if (!registry.has(kernelName)) continue;
    registry.set(kernelName, {
      kernelName,
      inputsToSave: ["x"],
      gradFunc: (dy, saved, attributes) => {
        const [x] = saved as [Tensor];
        const { axis } = attributes as unknown as Reduction;
        return { x: () => spread(dy as Tensor, x.shape, util.parseAxisParam(axis, x.shape), divides) };
      },
    });
  }
}

interface Bounds {
  readonly clipValueMin: number;
  readonly clipValueMax: number;
}

/** tfjs composes it of five kernels, of which an LSTM step (hard sigmoid) takes sixty. The bits are the same. */
export function replaceClipGradient(registry: Map<string, GradConfig>): void {
  const original = registry.get("ClipByValue");
  if (original === undefined) return;
  registry.set("ClipByValue", {
    ...original,
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved as [Tensor];
      const tensors = [x, dy as Tensor];
      const backends = tensors.map(({ dataId }) => engine().state.tensorInfo.get(dataId)?.backend);
      const [backend] = backends;
      // With a tape on, this gradient is differentiated in turn: tfjs's ops know how.
      const isOurs =
        backend instanceof EmbeddedBackend &&
        backends[1] === backend &&
        engine().state.gradientDepth === 0 &&
        tensors.every(({ dtype }) => dtype === "float32");
      if (!isOurs) return original.gradFunc(dy, saved, attributes);
      const { clipValueMin, clipValueMax } = attributes as unknown as Bounds;
      return { x: () => clipGradient(backend, x, dy as Tensor, clipValueMin, clipValueMax) };
    },
  });
}

function clipGradient(backend: EmbeddedBackend, x: Tensor, dy: Tensor, low: number, high: number): Tensor {
  const output = backend.makeOutput(x.shape, "float32");
  const [at, from] = [backend.offset(x), backend.offset(dy)];
  backend.training.clampGradient(at, from, backend.offset(output), x.size, low, high);
  return engine().makeTensorFromDataId(output.dataId, [...output.shape], output.dtype);
}

function spread(dy: Tensor, shape: readonly number[], axes: readonly number[], divides: boolean): Tensor {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const reps = shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const run = (name: string, inputs: Record<string, Tensor>, attributes: object): Tensor =>
    engine().runKernel(name, inputs, attributes as Record<string, never>) as Tensor;
  const reshaped = run("Reshape", { x: dy }, { shape: kept });
  if (!divides) return run("Tile", { x: reshaped }, { reps });
  const count = engine().makeTensor(Float32Array.of(util.sizeFromShape(reps)), [], "float32");
  return run("Tile", { x: run("RealDiv", { a: reshaped, b: count }, {}) }, { reps });
}
