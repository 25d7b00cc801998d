import { expect, test } from "vitest";
import { level } from "../../../src/backend/hooks/level.js";
import { ClockedCost } from "../../../src/backend/recorder/clockedCost.js";

/** A captured step of 13 ms and the slower one after it, among steps of 10 ms. */
function capture(cost: ClockedCost, afterMs: number): void {
  cost.stepEnded(level.scalars, 13);
  cost.stepEnded(level.basic, afterMs);
  for (let step = 0; step < 4; step++) cost.stepEnded(level.basic, 10);
}

test("counts what a capture takes longer than the steps around it, and what it leaves to the step after it", () => {
  const cost = new ClockedCost();
  for (let step = 0; step < 5; step++) cost.stepEnded(level.basic, 10);
  for (let captures = 0; captures < 8; captures++) capture(cost, 11);
  expect(cost.of(level.scalars)).toBeNull();
  // One step that something else disturbed changes nothing.
  capture(cost, 500);
  expect(cost.of(level.scalars)).toBe(4);
  expect(cost.of(level.every)).toBeNull();
});

test("captures that follow each other are counted one by one", () => {
  const cost = new ClockedCost();
  for (let step = 0; step < 15; step++) cost.stepEnded(level.basic, 10);
  for (let captures = 0; captures < 20; captures++) cost.stepEnded(level.every, 16);
  expect(cost.of(level.every)).toBe(6);
});

test("tells nothing where every step is captured", () => {
  const cost = new ClockedCost();
  for (let captures = 0; captures < 50; captures++) cost.stepEnded(level.scalars, 13);
  expect(cost.of(level.scalars)).toBeNull();
});
