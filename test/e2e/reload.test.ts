import { afterAll, describe, expect, it } from "vitest";
import "./matchers.js";
import { isAlive } from "./pages/savedRun.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();
/** VS Code takes tasks up again some seconds after a reload. */
const takingUpMs = 10_000;
/** More of a run than this test trains would be needed for wider ones. */
const mostStepsInPoint = 16;

describe("a reload of the window while training goes on", () => {
  afterAll(() => test.workbench.command("layerscope.stop"));

  it("leaves the training alone, and both views find it again", async () => {
    const { workbench, runs } = test;
    await workbench.showLive();
    await workbench.train("long.js");
    await expect(workbench.live).toDraw("norm", 20);
    await expect(workbench.dashboard).toDraw("norm", 20);
    const before = runs.newest();
    const processId = runs.processOf(before);

    await workbench.reload();

    await expect(workbench.live).toSay("long.js is training");
    await expect(workbench.live).toDraw("norm", before.steps + 20);
    await expect(workbench.dashboard).toDraw("norm", before.steps + 20);
    expect(isAlive(processId)).toBe(true);
    const after = runs.newest();
    expect(after).toMatchObject({ id: before.id, status: "running" });
    expect(after.steps).toBeGreaterThanOrEqual(before.steps + 20);
    await workbench.screenshot("reloaded");
  });

  it("draws the steps of the time when nobody looked", async () => {
    const { workbench, runs } = test;
    const { step } = await workbench.live.chart("norm", "batch-running-mean");
    const recorded = [...runs.series(runs.newest().id, "norm", "batchMean").keys()].filter((at) => at <= step);
    expect(recorded.length).toBeGreaterThan(step * 0.5);
  });

  it("still stops the training for good", async () => {
    const { workbench, runs } = test;
    const processId = runs.processOf(runs.newest());
    await workbench.command("layerscope.stop");
    await expect(workbench.live).toSay(/long\.js was stopped after \d+ steps\./);
    expect(isAlive(processId)).toBe(false);
    expect(runs.newest().status).toBe("stopped");
  });

  it("does not start it again, as VS Code does with tasks that end while it takes them up", async () => {
    const { runs } = test;
    await new Promise((resolve) => setTimeout(resolve, takingUpMs));
    expect(runs.list().filter(({ script }) => script.endsWith("long.js"))).toHaveLength(1);
  });
});

describe("an old run", () => {
  it("is opened again, with its numbers, beside newer ones", async () => {
    const { workbench, runs } = test;
    await workbench.train("short.js");
    await expect(workbench.live).toSay("short.js completed after 40 steps.");
    const old = runs.list().find(({ status }) => status === "stopped");
    if (old === undefined) throw new Error("The test before has left no stopped run.");

    await workbench.command("layerscope.openRun", old.folder);

    await expect(workbench.dashboard).toSay(`long.js was stopped after ${old.steps} steps.`);
    const batch = runs.series(old.id, "norm", "batchMean");
    const newest = Math.max(...batch.keys());
    // A long run is drawn in buckets: the last point stands for the last few steps, by their mean.
    await expect(workbench.dashboard).toDraw("norm", newest - mostStepsInPoint + 1);
    const { step, last } = await workbench.dashboard.chart("norm", "batch-running-mean");
    // Of a step that the stop cut off there may be rows; it is no step of the run.
    const inPoint = [...batch].filter(([at]) => at >= step && at <= old.steps).map(([, value]) => value);
    const mean = inPoint.reduce((sum, value) => sum + value, 0) / inPoint.length;
    expect(last.batchMean).toBeCloseTo(mean, 6);
    await workbench.screenshot("old-run");
  });
});
