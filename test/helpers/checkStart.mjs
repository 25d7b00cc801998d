import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { launchBrowser } from "./browser.mjs";
import { Failure, step } from "./progress.mjs";
import { resultsFolder } from "./project.mjs";
import { drawnCharts } from "./views.mjs";

const drawLimitMs = 120_000;
/** Some steps more than the first: a picture on which curves can be seen. */
const tellingStep = 30;

/** @param {readonly import("./views.mjs").DrawnChart[]} charts */
const isTelling = (charts) => charts.some(({ step }) => step >= tellingStep);

/** @param {import("playwright-core").Page} page */
async function waitUntilDrawn(page) {
  const deadline = Date.now() + drawLimitMs;
  for (;;) {
    const live = await drawnCharts(page, "live");
    const dashboard = await drawnCharts(page, "dashboard");
    if (isTelling(live) && isTelling(dashboard)) return { live, dashboard };
    if (Date.now() > deadline) {
      const messages = await page.locator(".notification-list-item-message").allInnerTexts();
      throw new Failure(
        `After ${drawLimitMs / 1000} s the live view had drawn ${live.length} charts of BatchNorm layers and the dashboard ` +
          `${dashboard.length}; at least one each, up to step ${tellingStep}, is wanted. The workbench says: ${messages.join(" | ") || "nothing"}`,
      );
    }
    await delay(250);
  }
}

/** @param {import("./views.mjs").DrawnChart} drawn */
function describe({ chart, layer, step: newest, last: values }) {
  const numbers = Object.entries(values).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  return `  ${layer} ${chart}, step ${newest}: ${numbers.join(", ")}`;
}

/**
 * What a person does who opens the URL: waits for charts, and looks.
 * @param {string} url
 * @param {string | null} chromium
 */
export async function checkStart(url, chromium) {
  mkdirSync(resultsFolder, { recursive: true });
  const screenshot = join(resultsFolder, "start-check.png");
  const browser = await launchBrowser(chromium);
  try {
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    await page.goto(url);
    const { live, dashboard } = await step("wait for the charts of a BatchNorm layer", () =>
      waitUntilDrawn(page),
    ).finally(() => page.screenshot({ path: screenshot }));
    console.log(["Live view:", ...live.map(describe), "Dashboard:", ...dashboard.map(describe)].join("\n"));
  } finally {
    console.log(`Screenshot: ${screenshot}`);
    await browser.close();
  }
}
