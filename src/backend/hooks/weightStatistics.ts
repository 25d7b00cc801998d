import type { Row } from "../../stats/catalogue.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Sink } from "./sink.js";
import type { EngineLike, NamedGradients, TensorLike, VariableLike } from "./tensorflow.js";
import type { TensorKernels } from "./tensorKernels.js";
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
  /** What the last step left: its data are the next step's old ones, unless somebody else changes the variable. */
  private readonly left = new WeakMap<VariableLike, { readonly dataId: object; readonly norm: number }>();

  constructor(
    private readonly engine: EngineLike,
    private readonly reader: TensorReader,
    private readonly kernels: TensorKernels,
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
      const norm = this.kernels.norm(gradient);
      if (norm === null) return [];
      const { dataId, shape, dtype, size } = variable;
      const before = { dataId, shape, dtype, size };
      const release = this.reader.pin(before);
      if (release === null) return [];
      return {
        variable,
        before,
        release,
        gradientNorm: Math.sqrt(norm.sumSquares),
        gradientMeanAbs: norm.sumAbs / Math.max(1, gradient.size),
        gradientNonfinite: norm.nonfinite,
      };
    });
  }

  write(sink: Sink, step: number, pinned: PinnedWeights): void {
    for (const { variable, before, release, gradientNorm, gradientMeanAbs, gradientNonfinite } of pinned) {
      const old = this.kernels.values(before);
      const now = variable.isDisposed === true ? null : this.kernels.values(variable);
      if (old instanceof Float32Array && now instanceof Float32Array) {
        const { statistics } = this.kernels.of(variable);
        const left = this.left.get(variable);
        const oldNorm = left?.dataId === before.dataId ? left.norm : Math.sqrt(statistics.norm(old).sumSquares);
        const { sumSquares, nonfinite } = statistics.norm(now);
        const norm = Math.sqrt(sumSquares);
        this.left.set(variable, { dataId: variable.dataId, norm });
        const change = Math.sqrt(statistics.differenceNorm(now, old).sumSquares);
        // One shape for all rows: undefined is absent too.
        const updateRatio = oldNorm > 0 ? change / oldNorm : undefined;
        sink.row("weights", step, this.catalogue.weightIndex(variable), {
          gradientNorm,
          gradientMeanAbs,
          weightNorm: norm,
          updateRatio,
          gradientNonfinite,
          weightNonfinite: nonfinite,
        } as Row);
      }
      if (now !== null) this.kernels.letGo(now);
      if (old !== null) this.kernels.letGo(old);
      release();
    }
  }
}
