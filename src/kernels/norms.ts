export interface Norm {
  readonly sumSquares: number;
  readonly sumAbs: number;
  /** Values that are NaN or Inf. */
  readonly nonfinite: number;
}

export interface DifferenceNorm {
  readonly sumSquares: number;
  /** Differences that are NaN or Inf. */
  readonly nonfinite: number;
}

/** `StatisticsKernel.norm` in plain JavaScript. */
export function normPlain(values: Float32Array): Norm {
  let sumSquares = 0;
  let sumAbs = 0;
  let nonfinite = 0;
  for (const value of values) {
    sumSquares += value * value;
    sumAbs += Math.abs(value);
    if (!Number.isFinite(value)) nonfinite++;
  }
  return { sumSquares, sumAbs, nonfinite };
}

/** `StatisticsKernel.differenceNorm` in plain JavaScript; as many values of both. */
export function differenceNormPlain(a: Float32Array, b: Float32Array): DifferenceNorm {
  let sumSquares = 0;
  let nonfinite = 0;
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    sumSquares += difference * difference;
    if (!Number.isFinite(difference)) nonfinite++;
  }
  return { sumSquares, nonfinite };
}
