import { engine, type GradConfig, type Tensor, util } from "@tensorflow/tfjs-core";

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
