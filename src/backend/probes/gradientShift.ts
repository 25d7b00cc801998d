import type { Row } from "../../stats/catalogue.js";
import type { VariableLike } from "../hooks/tensorflow.js";
import { cosine, distance, type GradientMap, type Replay } from "./replay.js";

/** A layer with the variables that the step updated. */
export interface UpdatedLayer {
  readonly series: number;
  readonly variables: readonly VariableLike[];
}

/**
 * Internal covariate shift of gradients (Santurkar et al. 2018, Definition 2.1): how far a layer's gradient moves when only
 * the layers before it make their step. Variables hold W(t) at the beginning; one gradient for each layer but the first.
 */
export function* gradientShifts(
  replay: Replay,
  /** In the order of the forward pass. */
  layers: readonly UpdatedLayer[],
  before: GradientMap,
  /** Gives these variables their values of W(t+1). */
  advance: (variables: readonly VariableLike[]) => void,
): Generator<{ readonly series: number; readonly row: Row }> {
  for (const [at, { series, variables }] of layers.entries()) {
    const preceding = layers[at - 1];
    if (preceding === undefined) continue;
    advance(preceding.variables);
    const after = replay.gradients(variables).gradients;
    const own = new Map([...before].filter(([variable]) => variables.includes(variable)));
    yield { series, row: { gradientShift: distance(own, after), gradientShiftCosine: cosine(own, after) } };
  }
}
