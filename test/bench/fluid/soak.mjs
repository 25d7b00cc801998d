import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as breathe, setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { launchBrowser } from "../../helpers/browser.mjs";
import { serveViews } from "../../helpers/serveViews.mjs";
import { workbenchTools } from "../../helpers/workbenchCache.mjs";
import { quantile } from "./quantile.mjs";
import { openWriter } from "./runs.mjs";

/** One hour at 200 steps a second. */
export const soakSteps = 720_000;
const looks = 12;
/** Between two looks of a view at the run, as many as a view gets in a while. */
const stepsPerLook = 1000;
const layers = 3;
const diskLimitBytes = 2 ** 28;
const viewLayers = 20;

/**
 * One hour of live data as fast as it goes: written, thinned and read as always, and sent to a view that draws it.
 * @param {any} parts of `loadRunParts`
 * @returns {Promise<{ hostBytes: number[], viewBytes: number[] }>} after collections of garbage, at equal distances
 */
export async function measureSoak(parts) {
  return { hostBytes: await soakHost(parts), viewBytes: await soakView() };
}

/** How much the last quarter holds more than the second, which has everything that is bounded at its bound. @param {readonly number[]} bytes */
export function growthOf(bytes) {
  const quarter = bytes.length / 4;
  const median = (/** @type {number} */ from) => quantile(bytes.slice(from * quarter, (from + 1) * quarter), 0.5);
  return median(3) / median(1);
}

/** @param {any} parts */
async function soakHost(parts) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const folder = mkdtempSync(join(tmpdir(), "layerscope-soak-"));
  const { writer, writeSteps } = openWriter(parts, { folder: join(folder, "run"), layers, diskLimitBytes });
  writer.flush();
  // In VS Code this is in a thread of its own; here its memory counts too.
  const follow = (/** @type {string} */ run, /** @type {any} */ tell) => new parts.RunLookout(run, {}, tell);
  const host = { describe: () => ({ sentence: "", action: null }), log: console.error, follow };
  const session = new parts.RunSession(join(folder, "run"), host);
  const feed = new parts.SeriesFeed(() => undefined);
  try {
    const statistics = ["mean", "variance", "referenceDrift", "meanShift", "runningMean"];
    const series = Array.from({ length: layers }, (_, layer) => statistics.map((statistic) => ({ layer, statistic })));
    feed.subscribe({ type: "subscribe", series: series.flat(), range: null, points: 600 });
    session.onDidChange((/** @type {any} */ change) => feed.sendShown(session, change.reset, change.rowsFrom));
    const bytes = [];
    for (let step = 0; step < soakSteps; step += stepsPerLook) {
      writeSteps(step + 1, step + stepsPerLook);
      writer.update({ steps: step + stepsPerLook });
      writer.flush();
      session.refresh();
      await breathe();
      if ((step + stepsPerLook) % (soakSteps / looks) !== 0) continue;
      // Buffers are let go beside the collection that found nobody holding them.
      for (let times = 0; times < 3; times++) {
        collect();
        await delay(20);
      }
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      bytes.push(heapUsed + arrayBuffers);
    }
    return bytes;
  } finally {
    session.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function soakView() {
  const { chromium } = await workbenchTools();
  const server = await serveViews({ minify: true });
  const browser = await launchBrowser(chromium);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    await page.goto(`${server.url}?view=dashboard&layers=${viewLayers}&steps=0`);
    await page.waitForSelector(".run-header[data-state]");
    const session = await page.context().newCDPSession(page);
    const bytes = [];
    for (let look = 0; look < looks; look++) {
      await page.evaluate(
        async ([steps, each]) => {
          const { host } = /** @type {any} */ (window).layerscopeDev;
          host.posted.length = 0;
          for (let done = 0; done < steps; done += each) {
            host.advance(each);
            await new Promise((resolve) => requestAnimationFrame(resolve));
          }
        },
        /** @type {[number, number]} */ ([soakSteps / looks, stepsPerLook]),
      );
      await session.send("HeapProfiler.collectGarbage");
      const { usedSize } = await session.send("Runtime.getHeapUsage");
      bytes.push(usedSize);
    }
    return bytes;
  } finally {
    await browser.close();
    await server.close();
  }
}
