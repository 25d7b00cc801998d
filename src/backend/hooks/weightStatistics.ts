import type { StatisticsKernel } from "../../kernels/statistics.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Sink } from "./sink.js";
import type { EngineLike, NamedGradients, TensorLike, VariableLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";

interface PinnedWeight {
  readonly variable: VariableLike;
  /** The value before the update: the variable itself moves on to other data. */
  readonly before: TensorLike;
  readonly release: () => void;
  readonly gradientNorm: number;
  readonly gradientMeanAbs: number;
  readonly gradientNonfinite: number;
}
export type PinnedWeights = readonly PinnedWeight[];

/** ‖g‖, ‖w‖ and ‖Δw‖/‖w‖ of every variable that an update touches; Δw is what the optimizer really did. */
export class WeightStatistics {
  constructor(
    private readonly engine: EngineLike,
    private readonly reader: TensorReader,
    private readonly kernel: StatisticsKernel,
    private readonly catalogue: LayerCatalogue,
  ) {}

  /** Reads the gradients and keeps the weights as they are now; `write` lets them go. */
  pin(gradients: NamedGradients): PinnedWeights {
    const entries = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    return entries.flatMap(([name, gradient]) => {
      const variable = this.engine.registeredVariables[name];
      if (variable === undefined || gradient === undefined || gradient === null) return [];
      const values = this.reader.values(gradient);
      if (!(values instanceof Float32Array)) return [];
      const norm = this.kernel.norm(values);
      const { dataId, shape, dtype, size } = variable;
      const before = { dataId, shape, dtype, size };
      const release = this.reader.pin(before);
      if (release === null) return [];
      return {
        variable,
        before,
        release,
        gradientNorm: Math.sqrt(norm.sumSquares),
        gradientMeanAbs: norm.sumAbs / Math.max(1, values.length),
        gradientNonfinite: norm.nonfinite,
      };
    });
  }

  write(sink: Sink, step: number, pinned: PinnedWeights): void {
    for (const { variable, before, release, ...gradient } of pinned) {
      const old = this.reader.values(before);
      const now = variable.isDisposed === true ? null : this.reader.values(variable);
      if (old instanceof Float32Array && now instanceof Float32Array) {
        const oldNorm = Math.sqrt(this.kernel.norm(old).sumSquares);
        const norm = this.kernel.norm(now);
        const change = Math.sqrt(this.kernel.differenceNorm(now, old).sumSquares);
        sink.row("weights", step, this.catalogue.weightIndex(variable), {
          ...gradient,
          weightNorm: Math.sqrt(norm.sumSquares),
          weightNonfinite: norm.nonfinite,
          ...(oldNorm > 0 ? { updateRatio: change / oldNorm } : {}),
        });
      }
      release();
    }
  }
}
