import type { LayerVariableLike } from "../hooks/tensorflow.js";
import type { TensorReader } from "../hooks/tensorReader.js";
import { type FastEngine, type Tensor, vector } from "./fastEngine.js";

/** `LayerVariable` of tfjs-layers, as far as it is written to. */
export interface WritableVariable extends LayerVariableLike {
  write(value: Tensor): void;
}

/**
 * running ← running − (running − batch)·(1 − momentum), each operation rounded to float32 as by tfjs's three kernels,
 * for values so few that calling these kernels takes longer than computing.
 */
export function updateRunning(
  engine: FastEngine,
  reader: TensorReader,
  variable: WritableVariable,
  batch: Float64Array,
  momentum: number,
): void {
  const old = reader.values(variable.read());
  if (old === null) throw new Error(`Fast BatchNorm: the variable ${variable.name} has no values to average with.`);
  const decay = Math.fround(1 - momentum);
  const next = Float32Array.from(old, (value, channel) => {
    const difference = Math.fround(value - Math.fround(batch[channel] as number));
    return value - Math.fround(difference * decay);
  });
  variable.write(vector(engine, next));
}
