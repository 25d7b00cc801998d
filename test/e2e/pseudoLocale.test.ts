import type { Frame } from "playwright-core";
import { describe, expect, it } from "vitest";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench({ isPseudoLocale: true });
const patient = { timeout: 90_000 };

/** Texts and names that stand outside the brackets and are neither numbers nor data of the run. */
function untranslated(frame: Frame): Promise<string[]> {
  return frame.evaluate(() => {
    const ofTheRun =
      "bdi, .list-row, .run-name, .row-class, .card-class, .legend-value, .places, .link, .facts, option, .hint .name";
    const known =
      /^[\s\d.,\-−–…·+×≥∞σγβe%/|:()[\]"]*$|^(NaN|p50|p15–p85|gamma|beta|kernel|bias|loss|acc|val_loss|val_acc)$/;
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      const text = (node.textContent ?? "").trim();
      if (parent === null || text === "" || parent.closest("script, style, canvas, [hidden]") !== null) continue;
      if (parent.closest(ofTheRun) !== null || known.test(text) || text.includes("⟦")) continue;
      found.push(`${parent.className || parent.tagName}: ${text}`);
    }
    return found;
  });
}

describe("in another language", () => {
  it("both views and their sentences are translated", async () => {
    const { workbench } = test;
    expect(await workbench.driver.evaluate((vscode) => vscode.env.language)).toBe("qps-ploc");
    await workbench.showLive();
    await workbench.train("short.js");
    await expect(workbench.live).toDraw("norm", 40);
    await expect(workbench.dashboard).toDraw("norm", 40);
    for (const view of [workbench.live, workbench.dashboard]) {
      const frame = await view.frame();
      await expect.poll(() => untranslated(frame), patient).toEqual([]);
      expect(await view.text()).toContain("⟦");
    }
    await workbench.screenshot("pseudo-locale");
  });

  it("commands, the view's title and the status bar are translated", async () => {
    const { workbench } = test;
    const { page } = workbench;
    const titles = await workbench.driver.evaluate((vscode) => {
      const { contributes } = vscode.extensions.getExtension("layerscope.layerscope")?.packageJSON ?? {};
      const all = contributes.commands as { title: string | { value: string } }[];
      return all.map(({ title }) => (typeof title === "string" ? title : title.value));
    });
    expect(titles.length).toBeGreaterThan(20);
    expect(titles.filter((title) => !title.startsWith("⟦"))).toEqual([]);
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input.input").fill(">Layerscope");
    await page.locator(".quick-input-list-entry", { hasText: "⟦" }).first().waitFor(patient);
    await workbench.screenshot("pseudo-locale-commands");
    await page.keyboard.press("Escape");
  });
});
