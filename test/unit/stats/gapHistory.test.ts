import { describe, expect, it } from "vitest";
import { RuleEngine } from "../../../src/stats/rules/ruleEngine.js";

function found(probes: readonly (readonly [byBatch: number, byRunning: number])[], firstLoss = 2) {
  const rules = new RuleEngine();
  rules.row("steps", 1, 0, { loss: firstLoss });
  for (const [at, [lossByBatch, lossByRunning]] of probes.entries()) {
    rules.row("probes", 10 * (at + 1), 0, { lossByBatch, lossByRunning, lossGapRatio: lossByRunning / lossByBatch });
  }
  return rules.findings({ ended: true }).filter(({ id }) => id === "bn-train-eval-gap");
}

const same = <T>(value: T, count: number): T[] => new Array<T>(count).fill(value);

describe("bn-train-eval-gap by the probe", () => {
  it.each([
    ["error", [0.5, 0.9]],
    ["warning", [0.5, 0.6]],
  ] as const)("%s for losses of %s", (level, losses) => {
    const [finding] = found(same(losses, 4));
    expect(finding).toMatchObject({ level, layer: null, step: 40 });
    expect(finding?.message).toContain(`${losses[1]} with running statistics and 0.5 with its own`);
  });

  it.each([
    ["equal losses", same([0.5, 0.52] as const, 5)],
    ["a better loss at inference", same([0.5, 0.3] as const, 5)],
    ["one batch out of five", [...same([0.5, 0.5] as const, 4), [0.5, 2] as const]],
    ["two probes only", same([0.5, 2] as const, 2)],
    ["a loss that is near 0", same([1e-3, 1e-2] as const, 5)],
    ["a negative loss", same([-1, -2] as const, 5)],
    ["a loss that is NaN", same([Number.NaN, Number.NaN] as const, 5)],
  ])("nothing for %s", (_, probes) => {
    expect(found(probes)).toEqual([]);
  });
});
