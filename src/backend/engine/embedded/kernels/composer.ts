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

  transpose(x: TensorInfo, perm: readonly number[]): TensorInfo {
    return this.run("Transpose", { x }, { perm });
  }

  reshape(x: TensorInfo, shape: readonly number[]): TensorInfo {
    return this.run("Reshape", { x }, { shape });
  }

  slice(x: TensorInfo, size: readonly number[]): TensorInfo {
    return this.run("Slice", { x }, { begin: size.map(() => 0), size });
  }

  pad(x: TensorInfo, paddings: readonly (readonly [number, number])[]): TensorInfo {
    if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
    return this.run("PadV2", { x }, { paddings, constantValue: 0 });
  }

  /** Frees everything but `result`. */
  end(result: TensorInfo): TensorInfo {
    for (const info of this.#made) if (info !== result) this.backend.disposeData(info.dataId);
    return result;
  }
}
