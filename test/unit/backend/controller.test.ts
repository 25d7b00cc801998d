import { describe, expect, it } from "vitest";
import { type Level, level } from "../../../src/backend/hooks/level.js";
import { Controller, parseBudget } from "../../../src/backend/recorder/controller.js";

const bareMs = 10;
const ownMs = { [level.basic]: 0.1, [level.scalars]: 1, [level.every]: 4 } as const;

/** Steps of 10 ms whose levels cost 0.1, 1 and 4 ms; `pauseMs` passes before some of them. */
function train(controller: Controller, steps: number, pauseMs: (step: number) => number = () => 0): Level[] {
  return Array.from({ length: steps }, (_, step) => {
    const chosen = controller.nextLevel();
    controller.stepEnded(chosen, bareMs + pauseMs(step) + ownMs[chosen], ownMs[chosen]);
    return chosen;
  });
}

function spent(levels: readonly Level[]): number {
  return levels.reduce<number>((sum, chosen) => sum + ownMs[chosen], 0);
}

describe("the controller", () => {
  it.each([2, 5, 20])("spends at most %d percent, and most of that", (percent) => {
    const controller = new Controller({ percent });
    train(controller, 20);
    const share = (100 * spent(train(controller, 2000))) / (2000 * bareMs);
    expect(share).toBeLessThanOrEqual(percent * 1.01);
    expect(share).toBeGreaterThan(percent * 0.9);
  });

  it("takes cheap numbers more often than dear ones", () => {
    const levels = train(new Controller({ percent: 5 }), 1000);
    const count = (wanted: Level) => levels.filter((chosen) => chosen === wanted).length;
    expect(count(level.scalars)).toBeGreaterThan(3 * count(level.every));
    expect(count(level.every)).toBeGreaterThan(10);
  });

  it("saves nothing up in the pauses of a script", () => {
    const controller = new Controller({ percent: 5 });
    train(controller, 200);
    // Ten steps, then half a minute of something else, and so on.
    const levels = train(controller, 500, (step) => (step % 10 === 0 ? 30_000 : 0));
    expect(spent(levels) / (500 * bareMs)).toBeLessThan(0.1);
  });

  it("pays for the recorder's thread first, and tells its time", () => {
    const controller = new Controller({ percent: 5 });
    train(controller, 20);
    let own = 0;
    const steps = 10_000;
    for (let step = 0; step < steps; step++) {
      const [chosen] = train(controller, 1);
      own += ownMs[chosen ?? level.basic] + 0.2;
      controller.spentBeside(0.2);
    }
    const share = (100 * own) / (steps * bareMs);
    expect(share).toBeLessThanOrEqual(5.05);
    expect(share).toBeGreaterThan(4.5);
    expect(Math.abs((controller.overheadPercent ?? 0) - share)).toBeLessThan(0.3);
  });

  it("lends a short training what its rules need: dear captures up to its end, though the first were slow", () => {
    const controller = new Controller({ percent: 5 });
    const every: number[] = [];
    let own = 0;
    const steps = 150;
    for (let step = 1; step <= steps; step++) {
      const chosen = controller.nextLevel();
      // The first after the start was interrupted, too.
      const slowness = every.length < 2 ? 250 : every.length < 4 ? 20 : 1;
      const stepOwnMs = [0.05, 0.2, 0.5 * slowness][chosen] ?? 0;
      if (chosen === level.every) every.push(step);
      // What the fastest of the slow ones took.
      if (step > 3) own += Math.min(stepOwnMs, 10);
      controller.stepEnded(chosen, 3 + stepOwnMs, stepOwnMs);
    }
    expect(every.length).toBeGreaterThan(30);
    expect(every.at(-20)).toBeGreaterThan(0.25 * steps);
    expect(every.at(-1)).toBeGreaterThan(0.9 * steps);
    // One second's worth of the budget, beside the budget itself.
    expect(own).toBeLessThan(0.05 * (1000 + steps * 3) + 0.5);
  });

  it.each([5, 10, 20])("has called its loan in after %d seconds, or nearly", (seconds) => {
    const controller = new Controller({ percent: 5 });
    const ms = { [level.basic]: 0.05, [level.scalars]: 3, [level.every]: 9 } as const;
    let own = 0;
    const steps = (1000 * seconds) / 20;
    for (let step = 1; step <= steps; step++) {
      const chosen = controller.nextLevel();
      if (step > 3) own += ms[chosen];
      controller.stepEnded(chosen, 20 + ms[chosen], ms[chosen]);
    }
    const lentMs = Math.max(0, 50 * (1 - seconds / 10));
    // A capture's worth to and fro.
    expect(own).toBeLessThan(0.05 * 1000 * seconds + lentMs + 10);
    expect(own).toBeGreaterThan(0.045 * 1000 * seconds);
  });

  it("keeps the budget by the clock where captures slow the steps down beyond their own time", () => {
    const controller = new Controller({ percent: 5 });
    let before: Level = level.basic;
    let hidden = 0;
    let own = 0;
    let steps = 0;
    const step = (): void => {
      steps++;
      const chosen = controller.nextLevel();
      // As much again as our own time: half in the step itself, half in the one after it.
      const slowerMs = (ownMs[chosen] - 0.1) / 2 + (ownMs[before] - 0.1) / 2;
      hidden += slowerMs;
      own += ownMs[chosen];
      before = chosen;
      controller.stepEnded(
        chosen,
        bareMs * (1 + 0.05 * Math.sin(steps * steps)) + ownMs[chosen] + slowerMs,
        ownMs[chosen],
      );
    };
    for (let warm = 0; warm < 500; warm++) step();
    [hidden, own] = [0, 0];
    for (let counted = 0; counted < 4000; counted++) step();
    const percent = (100 * (own + hidden)) / (4000 * bareMs);
    expect(percent).toBeLessThan(5.3);
    expect(percent).toBeGreaterThan(4);
    // What is shown is no less than that: it holds the start, too.
    expect(controller.overheadPercent).toBeGreaterThan(0.9 * percent);
  });

  it("is not stopped for good by one long pause of the recorder's thread", () => {
    const controller = new Controller({ percent: 5 });
    train(controller, 20);
    controller.spentBeside(60_000);
    const levels = train(controller, 200);
    expect(levels.slice(0, 25)).not.toContain(level.every);
    expect(levels.slice(60)).toContain(level.every);
  });

  it("takes everything in the first step, and when asked", () => {
    const controller = new Controller({ percent: 0 });
    const levels = train(controller, 50);
    expect(levels).toEqual([level.every, ...new Array(49).fill(level.basic)]);
    controller.requestCapture();
    expect(train(controller, 2)).toEqual([level.every, level.basic]);
  });

  it("keeps to `scalars` and `every`", () => {
    expect(train(new Controller("every"), 30)).toEqual(new Array(30).fill(level.every));
    expect(train(new Controller("scalars"), 30)).toEqual([level.every, ...new Array(29).fill(level.scalars)]);
  });

  it.each(["-1", "101", "five", "NaN"])("refuses a budget of %s", (text) => {
    expect(() => parseBudget(text)).toThrow(`got "${text}"`);
  });
});
