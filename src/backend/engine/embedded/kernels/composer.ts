import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import type { EmbeddedBackend } from "../embeddedBackend.js";
import { kernelTable } from "../kernelTable.js";

type Inputs = Readonly<Record<string, TensorInfo | undefined>>;

/** Runs kernels one after the other within a kernel; what it made and did not hand over is freed by `end`. */
export class Composer {
  readonly backend: EmbeddedBackend;
  readonly #made: TensorInfo[] = [];

  constructor(backend: object) {
    this.backend = backend as EmbeddedBackend;
  }

  run(kernelName: string, inputs: Inputs, attrs: object = {}): TensorInfo {
    const { kernelFunc } = kernelTable.get(kernelName) as KernelConfig;
    const output = kernelFunc({
      inputs: inputs as Record<string, TensorInfo>,
      attrs: attrs as Record<string, never>,
      backend: this.backend,
    }) as TensorInfo;
    this.#made.push(output);
    return output;
  }

  /** Frees `made` at the end, too. */
  own(made: TensorInfo): TensorInfo {
    this.#made.push(made);
    return made;
  }

  /** `x` with `before` zeros put before it on each axis, then cut or filled up with zeros to `shape`. */
  fit(x: TensorInfo, before: readonly number[], shape: readonly number[]): TensorInfo {
    const paddings = shape.map((size, axis) => {
      const first = before[axis] ?? 0;
      return [first, Math.max(0, size - first - (x.shape[axis] ?? 0))];
    });
    const isWide = paddings.every(([first, last]) => first === 0 && last === 0);
    const padded = isWide ? x : this.run("PadV2", { x }, { paddings, constantValue: 0 });
    if (shape.every((size, axis) => padded.shape[axis] === size)) return padded;
    return this.run("Slice", { x: padded }, { begin: shape.map(() => 0), size: shape });
  }

  /** As `fit`, for images: zeros around them, or what the filter does not reach cut off. */
  fitImages(x: TensorInfo, top: number, left: number, toHeight: number, toWidth: number): TensorInfo {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    if (top === 0 && left === 0 && height === toHeight && width === toWidth) return x;
    const { backend } = this;
    const output = this.own(backend.makeOutput([batch, toHeight, toWidth, channels], "float32"));
    const [from, to] = [backend.offset(x), backend.offset(output)];
    backend.training.fitImages(from, to, batch, height, width, channels, top, left, toHeight, toWidth);
    return output;
  }

  /** Frees everything but `result`. */
  end(result: TensorInfo): TensorInfo {
    for (const info of this.#made) if (info !== result) this.backend.disposeData(info.dataId);
    return result;
  }
}
