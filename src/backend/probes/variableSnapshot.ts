import type { TensorLike, VariableLike } from "../hooks/tensorflow.js";
import type { TensorReader } from "../hooks/tensorReader.js";

/** The data that variables hold at one moment, kept alive until it is released. */
export class VariableSnapshot {
  private readonly kept = new Map<VariableLike, { readonly value: TensorLike; readonly release: () => void }>();

  constructor(reader: TensorReader, variables: Iterable<VariableLike>) {
    for (const variable of variables) {
      if (variable.isDisposed === true) continue;
      const { dataId, shape, dtype, size } = variable;
      const value = { dataId, shape, dtype, size };
      const release = reader.pin(value);
      if (release !== null) this.kept.set(variable, { value, release });
    }
  }

  get variables(): VariableLike[] {
    return [...this.kept.keys()];
  }

  /** The tensor that the variable held. */
  valueOf(variable: VariableLike): TensorLike | null {
    return this.kept.get(variable)?.value ?? null;
  }

  /** Gives variables (default: all) the very data back that they held. */
  restore(variables: Iterable<VariableLike> = this.kept.keys()): void {
    for (const variable of variables) {
      const kept = this.kept.get(variable);
      if (kept === undefined || variable.isDisposed === true || variable.dataId === kept.value.dataId) continue;
      variable.assign(kept.value);
    }
  }

  release(): void {
    for (const { release } of this.kept.values()) release();
    this.kept.clear();
  }
}
