import { describe, expect, it } from "vitest";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();
const patient = { timeout: 60_000 };

describe("the walkthrough", () => {
  it("has at most five steps, each with a picture that is drawn or a text", async () => {
    const { workbench } = test;
    const { page } = workbench;
    await workbench.command("workbench.action.openWalkthrough", "layerscope.layerscope#start", false);
    const steps = page.locator(".getting-started-step");
    await expect.poll(() => steps.count(), patient).toBeGreaterThanOrEqual(1);
    const count = await steps.count();
    expect(count).toBeLessThanOrEqual(5);
    let pictures = 0;
    for (let at = 0; at < count; at++) {
      await steps.nth(at).click();
      await expect.poll(() => steps.nth(at).getAttribute("class"), patient).toContain("expanded");
      const media = page.locator(".getting-started-media");
      const picture = media.locator("img");
      if ((await picture.count()) === 0) {
        await expect.poll(() => media.locator("iframe").count(), patient).toBe(1);
        continue;
      }
      await expect.poll(() => picture.evaluate(widthOf), patient).toBeGreaterThan(200);
      expect(await picture.getAttribute("alt")).toMatch(/\w+ \w+/);
      pictures++;
    }
    expect(pictures).toBe(2);
    await workbench.screenshot("walkthrough");
  });
});

/** 0 until the picture has come. */
function widthOf(element: SVGElement | HTMLElement): number {
  return (element as HTMLImageElement).naturalWidth;
}
