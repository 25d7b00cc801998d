import type { DataType } from "@tensorflow/tfjs-core";

/** What tfjs's backend keeps of a tensor. */
export interface TensorEntry {
  readonly id: number;
  readonly memoryOffset: number;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  refCount: number;
}

/**
 * The entry of a tensor whose values are computed when somebody asks where they lie, or never: tfjs computes the
 * gradient of every layer's input, also of the data that a network is fed with, and throws that one away.
 */
export class PromisedEntry implements TensorEntry {
  readonly dtype = "float32";
  refCount = 1;
  #kept: TensorEntry | null = null;

  constructor(
    readonly shape: readonly number[],
    private readonly compute: () => TensorEntry,
  ) {}

  get isKept(): boolean {
    return this.#kept !== null;
  }

  get id(): number {
    return this.#keep().id;
  }

  get memoryOffset(): number {
    return this.#keep().memoryOffset;
  }

  #keep(): TensorEntry {
    this.#kept ??= this.compute();
    return this.#kept;
  }
}
