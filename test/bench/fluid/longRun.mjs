import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { quantile } from "./quantile.mjs";
import { writeRun } from "./runs.mjs";

export const longRun = { layers: 150, steps: 1_000_000, every: 100 };
const zooms = 10;
const openings = 3;

/**
 * Opens a long run in the dashboard, cold and from the tiers beside it, and zooms in it.
 * @param {import("./workbench.mjs").Workbench} workbench
 * @param {any} parts of `loadRunParts`
 */
export async function measureLongRun(workbench, parts) {
  const folder = join(workbench.workspace, ".layerscope/runs/long");
  writeRun(parts, { folder, ...longRun });
  const small = join(workbench.workspace, ".layerscope/runs/small");
  writeRun(parts, { folder: small, layers: 2, steps: 10, every: 1 });
  // The panel is there already: what is measured is the run, not the loading of a webview.
  await workbench.command("layerscope.openRun", small);
  const frame = await workbench.frame("dashboard");
  await frame.waitForSelector('[data-chart="loss"][data-drawn="true"]', { timeout: 120_000 });
  const before = { hostBytes: await workbench.hostBytes(), rendererBytes: await workbench.rendererBytes() };
  let hostBytes = 0;
  const sampling = setInterval(async () => {
    const bytes = await workbench.hostBytes().catch(() => 0);
    hostBytes = Math.max(hostBytes, bytes - before.hostBytes);
  }, 1000);
  const coldMs = await open(workbench, frame, folder);
  const warm = [];
  for (let opening = 0; opening < openings; opening++) {
    await waitForTiers(folder);
    await workbench.command("layerscope.openRun", small);
    await frame.waitForFunction(() =>
      [".section-layer .chart", ".section-metrics .chart"].every(
        (chart) => document.querySelector(chart)?.getAttribute("data-step") === "10",
      ),
    );
    warm.push(await open(workbench, frame, folder));
  }
  const zoom = [];
  for (let i = 0; i < zooms; i++) zoom.push(await zoomOnce(frame, i % 2 === 0 ? "+" : "0"));
  await delay(2000);
  clearInterval(sampling);
  const rendererBytes = (await workbench.rendererBytes()) - before.rendererBytes;
  rmSync(folder, { recursive: true, force: true });
  return {
    coldMs,
    warmMs: quantile(warm, 0.5),
    zoomMs: quantile(zoom, 0.5),
    hostBytes,
    rendererBytes,
  };
}

/** @param {import("./workbench.mjs").Workbench} workbench @param {import("playwright-core").Frame} frame @param {string} folder */
async function open(workbench, frame, folder) {
  const startMs = Date.now();
  const drawn = frame.evaluate(
    () =>
      new Promise((resolve) => {
        // Charts that are off the screen keep what they drew last: the first of each column is on it.
        const first = [".section-layer .chart", ".section-metrics .chart"];
        const isThere = () =>
          first.every((chart) => Number(document.querySelector(chart)?.getAttribute("data-step")) > 1000);
        const look = () => (isThere() ? setTimeout(() => resolve(Date.now()), 0) : requestAnimationFrame(look));
        look();
      }),
  );
  await workbench.command("layerscope.openRun", folder);
  return (await drawn) - startMs;
}

/** From the key to the last frame that it causes, all points of the new range drawn. @param {import("playwright-core").Frame} frame @param {string} key */
async function zoomOnce(frame, key) {
  await delay(500);
  return frame.evaluate(
    (pressed) =>
      new Promise((resolve) => {
        const chart = document.querySelector('.section-layer [data-chart][data-drawn="true"]');
        const startMs = performance.now();
        const onMessage = (/** @type {MessageEvent} */ event) => {
          if (event.data?.type !== "series") return;
          const isWhole = pressed === "0";
          if (isWhole !== event.data.to - event.data.from > 900_000) return;
          window.removeEventListener("message", onMessage);
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - startMs), 0));
        };
        window.addEventListener("message", onMessage);
        chart?.dispatchEvent(new KeyboardEvent("keydown", { key: pressed, bubbles: true }));
      }),
    key,
  );
}

/** A run that has ended is read once and its tiers are kept beside it. @param {string} folder */
async function waitForTiers(folder) {
  const { existsSync } = await import("node:fs");
  for (let i = 0; i < 600 && !existsSync(join(folder, "tiers.bin")); i++) await delay(100);
}
