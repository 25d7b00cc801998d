import { describe, expect, it } from "vitest";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();
const patient = { timeout: 90_000 };

describe("the dashboard of a run", () => {
  it("selects the BatchNorm layer by itself and marks where epochs end", async () => {
    const { workbench } = test;
    await workbench.train("short.js");
    await expect(workbench.dashboard).toSay("short.js completed after 40 steps.");
    await expect(workbench.dashboard).toDraw("norm", 40);
    const frame = await workbench.dashboard.frame();
    expect(await frame.locator(".layer-name").innerText()).toBe("norm");
    const loss = frame.locator('[data-chart="loss"][data-drawn="true"]').first();
    // Ten epochs of four steps each; the last one ends where the axis does.
    await expect.poll(() => loss.getAttribute("data-epochs"), patient).toMatch(/^(\d+ )*\d+$/);
    const ends = ((await loss.getAttribute("data-epochs")) ?? "").split(" ").map(Number);
    expect(ends.every((step) => step % 4 === 0 && step < 40)).toBe(true);
  });

  it("shows a channel over time, with the numbers of the run folder", async () => {
    const { workbench, runs } = test;
    const frame = await workbench.dashboard.frame();
    await frame.locator(".channels").evaluate((element) => element.scrollIntoView({ block: "center" }));
    await frame.getByLabel("Statistic per channel").selectOption("batchMean", patient);
    await frame.locator(".channel-place").focus();
    await workbench.page.keyboard.press("ArrowRight");
    await workbench.page.keyboard.press("Enter");
    const chart = frame.locator('[data-chart="channel"]');
    await chart.waitFor(patient);
    await chart.evaluate((element) => element.scrollIntoView({ block: "center" }));
    const title = await chart.locator(".chart-title").innerText();
    const channel = Number(/Channel (\d+) over time/.exec(title)?.[1]);
    const run = runs.newest().id;
    for (const statistic of ["batchMean", "runningMean"]) {
      const values = runs.values(run, "norm", statistic);
      const last = (values.get(Math.max(...values.keys())) as readonly number[])[channel] as number;
      const name = statistic.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const drawn = () => chart.getAttribute(`data-last-${name}-channel${channel}`);
      await expect.poll(async () => Number((await drawn()) ?? Number.NaN), patient).toBeCloseTo(last, 6);
    }
    await workbench.screenshot("channel-over-time");
  });

  it("shows how far fit has come", async () => {
    const { workbench } = test;
    await workbench.train("long.js");
    const frame = await workbench.dashboard.frame();
    const bar = frame.getByRole("progressbar");
    await bar.waitFor({ state: "attached", ...patient });
    await expect.poll(() => bar.getAttribute("aria-valuenow"), patient).toMatch(/^\d+$/);
    await workbench.command("layerscope.stop");
    await expect(workbench.dashboard).toSay(/long\.js was stopped/);
    expect(await bar.isVisible()).toBe(false);
  });
});
