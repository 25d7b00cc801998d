import { describe, expect, it } from "vitest";
import { contrast } from "../../webview/shared/seriesColours.js";
import { seenColours } from "../helpers/seenColours.mjs";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();

const themes = [
  ["Light Modern", "vscode-light"],
  ["Dark Modern", "vscode-dark"],
  ["Default High Contrast", "vscode-high-contrast"],
  ["Default High Contrast Light", "vscode-high-contrast-light"],
] as const;

describe("both views", () => {
  it.each(themes)("are drawn in the theme %s", async (theme, kind) => {
    const { workbench } = test;
    await workbench.showLive();
    await workbench.set("workbench.colorTheme", theme);
    if ((await workbench.status()) === "") await workbench.train("short.js");
    await expect(workbench.live).toSay("short.js completed after 40 steps.");
    await expect(workbench.live).toDraw("norm", 40);
    await expect(workbench.dashboard).toDraw("norm", 40);
    for (const view of [workbench.live, workbench.dashboard]) {
      const frame = await view.frame();
      await expect.poll(() => frame.locator("body").getAttribute("class")).toContain(kind);
      const colours = await frame.locator("body").evaluate((body) => {
        const style = getComputedStyle(body);
        return { text: style.color, background: style.backgroundColor };
      });
      expect(colours.text).not.toBe(colours.background);
    }
    const dashboard = await workbench.dashboard.frame();
    for (const colour of ["blue", "orange"]) {
      const swatch = dashboard.locator(`.section-layer .swatch.colour-${colour}`).first();
      await expect
        .poll(async () => {
          const { line, ground } = await swatch.evaluate(seenColours);
          return contrast(line, ground);
        })
        .toBeGreaterThanOrEqual(3);
    }
    await workbench.screenshot(`theme-${kind}`);
  });

  it("fit into a side bar of 300 pixels", async () => {
    const frame = await test.workbench.live.frame();
    const { inner, wanted } = await frame.evaluate(() => ({
      inner: window.innerWidth,
      wanted: document.documentElement.scrollWidth,
    }));
    expect(inner).toBeLessThanOrEqual(300);
    expect(wanted).toBeLessThanOrEqual(inner);
  });
});
