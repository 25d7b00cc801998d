import { describe, expect, it } from "vitest";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";
import { View } from "./pages/view.js";

const test = useWorkbench();
const patient = { timeout: 90_000 };

/** What a person has set in the dashboard: shown steps and cursor, layer, scale. */
async function settings(view = test.workbench.dashboard): Promise<readonly string[]> {
  const frame = await view.frame();
  const texts = [".range", ".layer-name"].map((selector) => frame.locator(selector).innerText({ timeout: 1000 }));
  return Promise.all([...texts, frame.locator(".toolbar select").first().inputValue({ timeout: 1000 })]);
}

/** Waits until the dashboard has them again, in a page that draws. */
async function expectSettings(wanted: readonly string[], view = test.workbench.dashboard): Promise<void> {
  await expect.poll(() => settings(view).catch((error: Error) => [error.message]), patient).toEqual(wanted);
  await expect(view).toDraw("dense");
}

/** Returns when the extension host has started again. */
async function killHost(): Promise<void> {
  const hostId = () => test.workbench.driver.evaluate(() => process.pid);
  const before = await hostId();
  process.kill(before, "SIGKILL");
  await expect.poll(() => hostId().catch(() => before), patient).not.toBe(before);
}

async function dashboards(): Promise<number> {
  return test.workbench.driver.evaluate(
    (vscode) =>
      vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ label }) => label === "Layerscope").length,
  );
}

describe("a dashboard that was set up", () => {
  let wanted: readonly string[];

  it("shows what was set", async () => {
    const { workbench } = test;
    await workbench.train("short.js");
    await expect(workbench.dashboard).toSay("short.js completed after 40 steps.");
    await expect(workbench.dashboard).toDraw("norm", 40);
    await workbench.showLive();
    await workbench.command("layerscope.openDashboard", { layer: 0, step: 20 });
    for (const command of ["zoomIn", "cursorBack", "toggleLogarithmic"])
      await workbench.command(`layerscope.${command}`);
    await expect.poll(() => settings(), patient).toContain("dense");
    wanted = await settings();
    expect(wanted).toEqual([expect.stringMatching(/19/), "dense", "logarithmic"]);
  });

  it("is as it was after it was hidden", async () => {
    const { workbench } = test;
    await workbench.openFile("model.js");
    await workbench.command("workbench.action.moveEditorToNextGroup");
    await workbench.command("workbench.action.joinAllGroups");
    await workbench.openFile("short.js");
    await expect.poll(() => workbench.dashboard.text(), patient).toBe("");
    await workbench.command("layerscope.openDashboard");
    await expectSettings(wanted);
  });

  it("is as it was in another group", async () => {
    const { workbench } = test;
    await workbench.command("workbench.action.moveEditorToRightGroup");
    await expectSettings(wanted);
    await workbench.screenshot("panel-moved");
  });

  it("is as it was after the window was loaded again, though the browser never serves the first pages", async () => {
    const { workbench } = test;
    // As it goes for the second of two webviews that open together in a browser that has never seen the workbench.
    await workbench.page.addInitScript(() => {
      if (!location.pathname.endsWith("/webview/browser/pre/index.html")) return;
      const top = window.top as Window & { stuck?: number };
      top.stuck = (top.stuck ?? 0) + 1;
      if (top.stuck > 2) return;
      ServiceWorkerContainer.prototype.register = () => new Promise(() => undefined);
    });
    await workbench.reload();
    await expectSettings(wanted);
    await expect(workbench.live).toDraw("norm", 40);
    await workbench.screenshot("panel-made-anew");
  });

  it("is as it was after the extension host was killed and has started again", async () => {
    const { workbench, runs } = test;
    await killHost();
    await expectSettings(wanted);
    await expect(workbench.live).toDraw("norm", 40);
    // A page that nobody listens to would look the same.
    await workbench.train("short.js");
    await expect.poll(() => runs.list().length, patient).toBe(2);
    await expect(workbench.dashboard).toSay("steps 0 to 40");
    expect(await dashboards()).toBe(1);
  });

  it("takes the place of the one before, asked for as soon as the extension host has started again", async () => {
    const { workbench } = test;
    await killHost();
    await workbench.command("layerscope.openDashboard");
    await expect.poll(dashboards, patient).toBe(1);
    await expect(workbench.dashboard).toSay("steps 0 to 40");
  });

  it("is as it was in another window, and the live view in another part of the workbench goes on", async () => {
    const { workbench } = test;
    await workbench.command("layerscope.openDashboard", { layer: 0, step: 20 });
    await expect(workbench.dashboard).toSay("Step 20");
    const wanted = await settings();
    const [window] = await Promise.all([
      workbench.page.waitForEvent("popup", patient),
      workbench.command("workbench.action.moveEditorToNewWindow"),
    ]);
    await expectSettings(wanted, new View(window, "dashboard"));
    const destinationId = "workbench.view.explorer";
    await workbench.command("vscode.moveViews", { viewIds: ["layerscope.live"], destinationId });
    await workbench.showLive();
    await expect(workbench.live).toDraw("norm", 40);
    await workbench.screenshot("live-moved");
  });
});
