import type { RuleEvent } from "./ruleTypes.js";

/** Layers and weights whose flags change more often are switched on purpose, as in adversarial training. */
const mostChanges = 5;

interface Changes {
  count: number;
  last: number;
}

/** Since when the flags of layers and weights are what they are now. */
export class FlagHistory {
  private readonly layers = new Map<number, Changes>();
  private readonly weights = new Map<number, Changes>();

  add({ step, layers, weights }: Extract<RuleEvent, { readonly type: "flags" }>): void {
    for (const { layer } of layers) count(this.layers, layer, step);
    for (const { weight } of weights) count(this.weights, weight, step);
  }

  /** First step with the flags of now, 1 where they never changed; null where they change all the time. */
  layerSince(layer: number): number | null {
    return since(this.layers.get(layer));
  }

  weightSince(weight: number): number | null {
    return since(this.weights.get(weight));
  }
}

function count(changes: Map<number, Changes>, index: number, step: number): void {
  const known = changes.get(index) ?? { count: 0, last: 0 };
  known.count++;
  known.last = Math.max(known.last, step);
  changes.set(index, known);
}

function since(changes: Changes | undefined): number | null {
  if (changes === undefined) return 1;
  return changes.count > mostChanges ? null : changes.last;
}
