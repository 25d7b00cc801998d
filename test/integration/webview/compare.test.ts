import { describe, expect, test } from "vitest";
import { posted, seriousViolations, usePages } from "./viewPage.js";

const pages = usePages();

const query = "view=dashboard&layers=12&steps=800&state=completed";
const meanShift = '.section-comparedLayer [data-chart="compare-meanShift"][data-drawn="true"]';
const loss = '.section-comparedMetrics [data-chart="compare-loss"][data-drawn="true"]';

describe("a comparison", () => {
  test("draws every run over the others, in the metrics and in the layer, and nothing of one run alone", async () => {
    const { page, problems } = await pages.open({ query: `${query}&compared=8`, height: 2500 });
    const chart = page.locator(loss);
    await chart.waitFor();
    for (let run = 0; run < 8; run++) {
      await expect.poll(() => chart.getAttribute(`data-last-loss-run${run}`)).not.toBeNull();
    }
    const last = async (run: number) => Number(await chart.getAttribute(`data-last-loss-run${run}`));
    expect((await last(5)) - (await last(0))).toBeGreaterThan(0.4);
    expect(await page.locator(`${loss} .legend-entry`).count()).toBe(8);
    await page.waitForSelector('[data-chart="compare-metric-val_acc"][data-drawn="true"]');
    await page.waitForSelector(meanShift);
    expect(await page.locator(".health-map").isVisible()).toBe(false);
    const asked = (await posted(page, "subscribe")).at(-1) as { series: { run?: number }[] };
    expect(new Set(asked.series.map(({ run }) => run))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(problems).toEqual([]);
  });

  test("lists what differs, as text", async () => {
    const { page } = await pages.open({ query: `${query}&compared=3` });
    const row = page.locator('[data-difference="--rate"]');
    await row.waitFor();
    expect(await row.locator("td").allInnerTexts()).toEqual(["", "0.01", "0.02", "0.03"]);
    expect(await page.locator(".differences").innerText()).toContain("<b>dense</b>");
  });

  test("a layer that a run lacks is said so, and not drawn for it", async () => {
    const { page } = await pages.open({ query: `${query}&compared=3` });
    await page.locator(".list-row", { hasText: "batch_normalization_BATC1b" }).click();
    await page.waitForSelector(meanShift);
    expect(await page.locator(".compared-layer .hint").first().innerText()).toBe("Not in no BatchNorm");
    expect(await page.locator(`${meanShift} .legend-entry`).count()).toBe(2);
  });

  test("small multiples show the layers that differ most; a press on a name opens its charts", async () => {
    const { page } = await pages.open({ query: `${query}&compared=2`, height: 2500 });
    const names = page.locator(".differing li .link");
    await expect.poll(() => names.count()).toBe(6);
    const charts = page.locator('.differing-charts [data-drawn="true"]');
    await expect.poll(() => charts.count()).toBe(6);
    expect(await page.locator(".differing .hint").allInnerTexts()).toEqual(["1.1", "1", "0.9", "0.8", "0.7", "0.6"]);
    const values = await charts
      .first()
      .evaluate(({ dataset }) => Object.keys(dataset).filter((key) => /^last.*Run[01]$/.test(key)));
    expect(values).toHaveLength(2);
    await names.first().click();
    expect(await page.locator(".compared-layer-name").innerText()).toBe(await names.first().innerText());
  });

  test("minus the first run: differences, of any statistic, with the first left out", async () => {
    const { page } = await pages.open({ query: `${query}&compared=3` });
    await page.locator(loss).waitFor();
    await page.getByLabel("Minus the first run").check();
    const chart = page.locator('.section-comparedMetrics [data-chart="compare-learningRate"][data-drawn="true"]');
    await chart.waitFor();
    // Run i of the fake host lies i tenths above the first.
    await expect.poll(async () => Number(await chart.getAttribute("data-last-learning-rate-run1"))).toBeCloseTo(0.1, 9);
    expect(Number(await chart.getAttribute("data-last-learning-rate-run2"))).toBeCloseTo(0.2, 9);
    expect(await chart.getAttribute("data-last-learning-rate-run0")).toBeNull();
    expect(await chart.locator(".chart-title").innerText()).toContain("minus the first run");
    await page.getByLabel("Statistic shown first").selectOption("runningMean");
    await expect
      .poll(() => page.locator(".section-comparedLayer .chart").first().getAttribute("data-chart"))
      .toBe("compare-runningMean");
  });

  test("aligned by epoch or time: range, cursor and axis are in that unit", async () => {
    const { page } = await pages.open({ query: `${query}&compared=3` });
    const chart = page.locator(loss);
    await chart.waitFor();
    await page.getByLabel("Align the runs by").selectOption("epoch");
    await expect.poll(() => page.locator(".range").innerText()).toBe("Epochs 0 to 4");
    await expect.poll(async () => (await posted(page, "subscribe")).at(-1)?.axis).toBe("epoch");
    await expect.poll(() => chart.getAttribute("data-step")).toBe("4000");
    await chart.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("+");
    await expect.poll(() => page.locator(".range").innerText()).toBe("Epochs 2 to 4 · Epoch 4");
    await page.getByLabel("Align the runs by").selectOption("time");
    await expect.poll(() => page.locator(".range").innerText()).toMatch(/^0 s to 1:\d\d$/);
  });

  test("one press leaves it; a run can be taken out", async () => {
    const { page } = await pages.open({ query: `${query}&compared=3` });
    await page.locator(loss).waitFor();
    await page.getByLabel("Take no BatchNorm out of the comparison").click();
    expect((await posted(page, "compare")).at(-1)?.folders).toEqual(["/runs/0", "/runs/1"]);
    await expect.poll(() => page.locator(".compared-run").count()).toBe(2);
    await page.getByRole("button", { name: "Leave comparison" }).click();
    expect((await posted(page, "compare")).at(-1)?.folders).toEqual([]);
    await page.waitForSelector('.section-layer [data-chart="batch-running-mean"][data-drawn="true"]');
    expect(await page.locator(".compare-bar").isVisible()).toBe(false);
    expect(await page.locator(".range").innerText()).toBe("steps 0 to 800");
    expect((await posted(page, "subscribe")).at(-1)?.axis).toBe("step");
  });

  test("alignment, difference and zoom survive a reload", async () => {
    const { page } = await pages.open({ query: `${query}&compared=3` });
    await page.locator(loss).waitFor();
    await page.getByLabel("Align the runs by").selectOption("epoch");
    await page.getByLabel("Minus the first run").check();
    await page.locator('.section-comparedMetrics [data-chart="compare-loss"]').focus();
    await page.keyboard.press("+");
    const range = await page.locator(".range").innerText();
    expect(range).toMatch(/^Epochs [\d.]+ to 4$/);
    await page.reload();
    await page.locator(loss).waitFor();
    await expect.poll(() => page.locator(".range").innerText()).toBe(range);
    expect(await page.getByRole("checkbox", { name: "Minus the first run" }).isChecked()).toBe(true);
  });

  test("fits into 300 px", async () => {
    const { page } = await pages.open({ query: `${query}&compared=8`, width: 300 });
    await page.locator('[data-chart="compare-loss"]').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  });

  test.each(["dark", "light", "hc-dark", "hc-light"])("axe finds nothing serious: %s", async (theme) => {
    const { page } = await pages.open({ query: `${query}&compared=8&theme=${theme}`, height: 2500 });
    await page.locator(meanShift).waitFor();
    expect(await seriousViolations(page)).toEqual([]);
  });

  test("is started from the header", async () => {
    const { page } = await pages.open({ query });
    await page.getByRole("button", { name: "Compare…" }).click();
    expect((await posted(page, "command")).at(-1)?.command).toBe("layerscope.compareRuns");
  });
});
