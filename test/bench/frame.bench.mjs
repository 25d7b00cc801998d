// One live frame: sixty visible charts of two series with 600 points and more, in a headless browser with software
// rendering; script time of our path (message in, canvas commands out) beside uPlot with the same points.
import { launchBrowser } from "../helpers/browser.mjs";
import { serveViews } from "../helpers/serveViews.mjs";
import { workbenchTools } from "../helpers/workbenchCache.mjs";

const frames = 40;
const goalMs = 16;
const goalRatio = 1.5;

/** @param {readonly number[]} numbers @param {number} share */
const quantile = (numbers, share) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(share * (numbers.length - 1))] ?? NaN;

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
  /** Script time of the page's thread so far; other processes do not count. */
  const scriptMs = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "ScriptDuration")?.value ?? NaN);
  };
  const startMs = await scriptMs();
  const ours = await page.evaluate(() => window.ourFrames());
  const betweenMs = await scriptMs();
  const uplot = await page.evaluate(() => window.uplotFrames());
  const endMs = await scriptMs();
  const drawn = await page.locator('[data-drawn="true"]').count();
  const [mine, theirs] = [(betweenMs - startMs) / frames, (endMs - betweenMs) / frames];
  /** @param {readonly number[]} times */
  const wall = (times) =>
    `wall median ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(1)} ms`;
  console.log(`${drawn} charts drawn, ${frames} frames; script time of a frame on its own thread:`);
  console.log(`Layerscope ${mine.toFixed(1)} ms (${wall(ours)}), goal ≤ ${goalMs} ms`);
  console.log(`uPlot      ${theirs.toFixed(1)} ms (${wall(uplot)})`);
  console.log(`ratio ${(mine / theirs).toFixed(2)}, goal ≤ ${goalRatio}`);
  if (drawn !== 60 || mine > goalMs || mine / theirs > goalRatio) process.exitCode = 1;
} finally {
  await browser.close();
  await server.close();
}
