import { afterEach, expect, it, vi } from "vitest";
import { level } from "../../../src/backend/hooks/level.js";
import { OwnTime } from "../../../src/backend/hooks/ownTime.js";

afterEach(() => void vi.restoreAllMocks());

it("takes for a step that is not timed what such steps take now, not what the slow first ones took", () => {
  let nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const ownTime = new OwnTime();
  const told: number[] = [];
  for (let step = 1; step <= 100; step++) {
    ownTime.stepBegins(level.basic);
    const startMs = ownTime.clock();
    nowMs += step === 2 ? 20 : 0.25;
    ownTime.spent(startMs);
    told.push(ownTime.stepEnds(step, level.basic));
  }
  expect(told[1]).toBe(20);
  // The first 40 steps are timed each, then every eighth: the others are told what those took.
  for (const ms of told.slice(2)) expect(ms).toBeCloseTo(0.25, 9);
});
