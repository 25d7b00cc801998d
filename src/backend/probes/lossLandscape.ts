import type { Row } from "../../stats/catalogue.js";
import type { VariableLike } from "../hooks/tensorflow.js";
import { distance, type GradientMap, norm, type Replay } from "./replay.js";

/** Lengths of the step along the gradient, in learning rates (definitions §4). */
const stepLengths = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4] as const;

/**
 * Loss and gradient along W(t) − s·∇L: range of the loss, range of the gradient's distance from ∇L(W(t)), and the largest
 * distance per length of the step (Santurkar et al. 2018, §3.2). Variables hold W(t) at the beginning, others at the end.
 */
export function lossLandscape(
  replay: Replay,
  start: GradientMap,
  weights: ReadonlyMap<VariableLike, Float32Array>,
  learningRate: number,
): Row {
  const variables = [...start.keys()];
  const length = norm(start);
  const losses: number[] = [];
  const distances: number[] = [];
  const smoothness: number[] = [];
  for (const factor of stepLengths) {
    const s = factor * learningRate;
    for (const [variable, gradient] of start) {
      const from = weights.get(variable);
      if (from !== undefined)
        replay.assign(
          variable,
          from.map((value, at) => value - s * (gradient[at] as number)),
        );
    }
    const { loss, gradients } = replay.gradients(variables);
    losses.push(loss);
    distances.push(distance(start, gradients));
    smoothness.push(distance(start, gradients) / (s * length));
  }
  return {
    landscapeMin: Math.min(...losses),
    landscapeMax: Math.max(...losses),
    predictivenessMin: Math.min(...distances),
    predictivenessMax: Math.max(...distances),
    effectiveSmoothness: Math.max(...smoothness),
  };
}
