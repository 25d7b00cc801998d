import { launchBrowser } from "../../helpers/browser.mjs";
import { serveViews } from "../../helpers/serveViews.mjs";
import { workbenchTools } from "../../helpers/workbenchCache.mjs";

const frames = 40;

/**
 * One live frame: sixty visible charts of two series with 600 points and more, in a headless browser with software
 * rendering; script time of our path (message in, canvas commands out) beside uPlot with the same points, each on the
 * page's own thread, so that other processes do not count.
 * @returns {Promise<{ drawn: number, oursMs: number, uplotMs: number }>}
 */
export async function measureFrames() {
  const { chromium } = await workbenchTools();
  const server = await serveViews({ minify: true });
  const browser = await launchBrowser(chromium);
  try {
    const page = await browser.newPage({ locale: "en-US", viewport: { width: 1900, height: 4200 } });
    page.on("pageerror", (error) => console.error(error));
    await page.goto(`${server.url}?view=frames&layers=200&steps=600`);
    await page.waitForFunction("window.prepareFrames");
    await page.evaluate((count) => window.prepareFrames(count), frames);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const scriptMs = async () => {
      const { metrics } = await session.send("Performance.getMetrics");
      return 1000 * (metrics.find(({ name }) => name === "ScriptDuration")?.value ?? Number.NaN);
    };
    const startMs = await scriptMs();
    await page.evaluate(() => window.ourFrames());
    const betweenMs = await scriptMs();
    await page.evaluate(() => window.uplotFrames());
    const endMs = await scriptMs();
    const drawn = await page.locator('[data-drawn="true"]').count();
    return { drawn, oursMs: (betweenMs - startMs) / frames, uplotMs: (endMs - betweenMs) / frames };
  } finally {
    await browser.close();
    await server.close();
  }
}
