import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { act, advance, hasColour, posted, seriousViolations, usePages } from "./viewPage.js";

const pages = usePages();

const drawn = '[data-drawn="true"]';
const batchMean = `[data-chart="batch-running-mean"]${drawn}`;
/** The chart of batch and running mean in the layer view. */
const layerChart = `.section-layer ${batchMean}`;

describe("live view", () => {
  test("draws BatchNorm's batch and running mean and the loss, and goes on with the run", async () => {
    const { page, problems } = await pages.open({ query: "view=live&layers=5", width: 300 });
    await page.waitForSelector(`.loss ${drawn}`);
    const chart = page.locator(`.card ${batchMean}`).first();
    await chart.waitFor();
    expect(await chart.getAttribute("data-layer-class")).toBe("BatchNormalization");
    expect(await chart.getAttribute("data-step")).toBe("734");
    const before = Number(await chart.getAttribute("data-last-batch-mean"));
    await advance(page, 50);
    await page.waitForSelector(`.card ${batchMean}[data-step="784"]`);
    const after = Number(await chart.getAttribute("data-last-batch-mean"));
    expect(after).not.toBe(before);
    expect(Number(await chart.getAttribute("data-last-running-mean"))).toBeGreaterThan(0);
    expect(problems).toEqual([]);
  });

  test("says which layer drifts most and shows it first", async () => {
    const { page } = await pages.open({ query: "view=live&layers=150", width: 300 });
    await page.waitForSelector(`.card ${drawn}`);
    const layer = "batch_normalization_BATC7b";
    expect(await page.locator(".verdict").textContent()).toContain(`Drifts most:${layer}`);
    expect(await page.locator(".card").first().locator(".card-name").textContent()).toBe(layer);
    expect(await page.locator(".card").count()).toBe(10);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  });

  test.each(["none", "waiting", "running", "stalled", "completed", "failed", "stopped", "interrupted"])(
    "state %s has its sentence and its action",
    async (state) => {
      const { page, problems } = await pages.open({ query: `view=live&layers=5&state=${state}`, width: 300 });
      await page.waitForSelector(`.state-${state}`);
      expect((await page.locator(".sentence").innerText()).length).toBeGreaterThan(10);
      await page.locator(".actions button").first().click();
      const [command] = await posted(page, "command");
      expect(command?.command).toMatch(/^layerscope\./);
      expect(problems).toEqual([]);
    },
  );

  test("a press on a card opens the dashboard at that layer", async () => {
    const { page } = await pages.open({ query: "view=live&layers=5", width: 300 });
    await page.locator(".card-name", { hasText: "dense" }).click();
    expect(await posted(page, "openDashboard")).toEqual([{ type: "openDashboard", layer: 3 }]);
  });
});

describe("dashboard", () => {
  test("draws the layer, the map, the metrics and the channels at once", async () => {
    const { page, problems } = await pages.open({ query: "view=dashboard&layers=20", height: 4000 });
    for (const kind of [
      "loss",
      "metric-acc",
      "batch-running-mean",
      "batch-running-variance",
      "mean-shift",
      "gamma-beta",
    ]) {
      await page.waitForSelector(`[data-chart="${kind}"]${drawn}`);
    }
    for (const kind of ["percentiles", "gradient-norm", "update-ratio", "histogram", "channels"]) {
      await page.waitForSelector(`[data-chart="${kind}"]${drawn}`);
    }
    expect((await posted(page, "healthMap")).length).toBeGreaterThan(0);
    expect(problems).toEqual([]);
  });

  test("asks for at most two points per pixel, and for nothing that is off screen", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=150&steps=1000000" });
    await page.waitForSelector(layerChart);
    const last = (await posted(page, "subscribe")).at(-1) as { series: { points: number; layer: number }[] };
    for (const { points } of last.series) expect(points).toBeLessThanOrEqual(2 * 1280);
    expect(new Set(last.series.map(({ layer }) => layer)).size).toBeLessThan(20);
  });

  test("arrow keys move one cursor through all charts, Shift by ten; L goes live", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300" });
    const chart = page.locator(layerChart);
    await chart.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Shift+ArrowLeft");
    await page.waitForFunction(() => document.querySelectorAll(".chart .cursor:not([hidden])").length >= 3);
    const places = () =>
      page.locator(".section-layer .chart .cursor:not([hidden])").evaluateAll((lines) => {
        // A chart off the screen follows when it comes into view.
        const onScreen = lines.filter((line) => {
          const { top, bottom } = line.getBoundingClientRect();
          return bottom > 0 && top < innerHeight;
        });
        return new Set(onScreen.map((line) => (line as HTMLElement).style.transform)).size;
      });
    await expect.poll(places).toBe(1);
    expect(await page.locator(".range").innerText()).toContain("Step 289");
    expect((await posted(page, "select")).at(-1)).toMatchObject({ step: 289 });
    const live = page.locator(".button.live");
    expect(await live.innerText()).toBe("Go to live");
    await page.keyboard.press("l");
    expect(await live.innerText()).toBe("Live");
    await page.keyboard.press("ArrowDown");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-chart"))).toBe(
      "batch-running-variance",
    );
  });

  test("Ctrl+wheel zooms, dragging selects steps, double-click shows everything", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=1000" });
    const plot = page.locator(`${layerChart} .plot`);
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    if (box === null) throw new Error("The chart has no place on the page.");
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width / 2, y);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -400);
    await page.keyboard.up("Control");
    await expect.poll(async () => (await posted(page, "subscribe")).at(-1)?.range).not.toBeNull();
    await page.mouse.dblclick(box.x + box.width / 2, y);
    await expect.poll(async () => (await posted(page, "subscribe")).at(-1)?.range).toBeNull();
    await page.mouse.move(box.x + 100, y);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, y, { steps: 5 });
    await page.mouse.up();
    await expect.poll(async () => (await posted(page, "subscribe")).at(-1)?.range).not.toBeNull();
    const range = (await posted(page, "subscribe")).at(-1)?.range as { from: number; to: number };
    expect(range.from).toBeGreaterThan(0);
    expect(range.to).toBeLessThan(1000);
    expect(await page.locator(".button.live").innerText()).toBe("Go to live");
  });

  test("NaN is a mark with its first step, in the chart, the map, the list and the table", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&nan=500&steps=734" });
    const chart = page.locator(layerChart);
    await chart.waitFor();
    expect(await chart.getAttribute("data-layer")).toBe("batch_normalization_BATC1");
    expect(await chart.getAttribute("data-last-batch-mean")).toBe("NaN");
    expect(await chart.locator(".chart-note").innerText()).toContain("NaN or Inf first at step 500");
    expect(await hasColour(page, `${layerChart} canvas`, [241, 76, 76])).toBe(true);
    expect(await hasColour(page, ".map-scroller canvas", [241, 76, 76])).toBe(true);
    await chart.focus();
    await chart.locator(".tool-table").click();
    expect(await chart.locator("td.nonfinite").first().innerText()).toBe("NaN");
  });

  test("an outlier is outside the range and marked; without clipping it is inside", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=734" });
    const note = page.locator('[data-chart="loss"] .chart-note');
    await expect.poll(() => note.innerText()).toContain("outliers");
    await page.getByLabel("Clip outliers").uncheck();
    await expect.poll(() => note.isHidden()).toBe(true);
  });

  test("findings stand worst first with step and line; a press goes to the layer at that step, or to the line", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&nan=500&steps=734" });
    const findings = page.locator(".finding");
    await findings.first().waitFor();
    const ids = await findings.evaluateAll((all) => all.map((one) => one.getAttribute("data-finding")));
    expect(ids.slice(0, 2)).toEqual(["nonfinite", "bn-not-converged"]);
    const [layer, line] = await findings.first().locator(".places button").allInnerTexts();
    expect(await findings.first().innerText()).toMatch(/has 4096 NaN values\.[\s\S]*channel 3[\s\S]*step 500/);
    await findings
      .first()
      .getByText(line ?? "")
      .click();
    const [opened] = (await posted(page, "openSource")) as { source: { file: string; line: number } }[];
    expect(`${opened?.source.file.split("/").at(-1)}:${opened?.source.line}`).toBe(line);
    await findings
      .first()
      .getByText(layer ?? "", { exact: true })
      .click();
    await expect.poll(() => page.locator(".layer-name").innerText()).toBe(layer);
    await expect.poll(() => page.locator(".range").innerText()).toContain("Step 500");
  });

  test("smoothing is off, and says so when it is on", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5" });
    const chart = page.locator(layerChart);
    await chart.waitFor();
    const raw = await chart.getAttribute("data-last-batch-mean");
    expect(await chart.locator(".chart-note").isHidden()).toBe(true);
    await page.getByLabel("Smoothing", { exact: true }).selectOption("0.9");
    await expect.poll(() => chart.locator(".chart-note").innerText()).toContain("smoothed (0.9)");
    expect(await chart.getAttribute("data-last-batch-mean")).not.toBe(raw);
  });

  test("a press on the map selects layer and step", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5" });
    await page.locator(drawn).first().waitFor();
    await page.getByLabel("Statistic", { exact: true }).first().selectOption("referenceDrift");
    await expect.poll(async () => (await page.locator(".map-scroller canvas").boundingBox())?.height).toBe(90);
    const box = await page.locator(".map-scroller canvas").boundingBox();
    if (box === null) throw new Error("The map has no place on the page.");
    await page.mouse.click(box.x + box.width * 0.6, box.y + 9);
    expect((await posted(page, "select")).at(-1)).toMatchObject({ layer: 0 });
    expect(await page.locator(".layer-name").innerText()).toBe("conv2d_CONV1");
    expect(await page.locator(".readout").first().innerText()).toMatch(/conv2d_CONV1, step \d+: [\d.]+/);
  });

  test("numbers go out as CSV, all of them, and images with their title", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=100" });
    const chart = page.locator(layerChart);
    await chart.focus();
    await chart.getByLabel("Save the numbers as CSV").click();
    await chart.getByLabel("Save as an image").click();
    const [csv, png] = await posted(page, "save");
    const { text } = (csv as { content: { text: string } }).content;
    expect(text.split("\r\n")[0]).toBe("step,batchMean,runningMean");
    expect(text.trim().split("\r\n")).toHaveLength(102);
    expect(String(png?.suggestedName)).toMatch(/train-batch_normalization_BATC1b-batch-running-mean$/);
    expect((png as { content: { dataUrl: string } }).content.dataUrl).toMatch(/^data:image\/png;base64,/);
  });

  test("a chart is copied as a picture", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=100" });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const chart = page.locator(layerChart);
    await chart.focus();
    await chart.getByLabel("Copy as an image").click();
    await page.getByText("Copied.").waitFor({ state: "attached" });
    const copied = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const picture = await createImageBitmap((await item?.getType("image/png")) ?? new Blob());
      return { types: item?.types, width: picture.width, height: picture.height };
    });
    const plot = await chart.locator("canvas").boundingBox();
    expect(copied.types).toEqual(["image/png"]);
    expect(copied.width).toBeGreaterThanOrEqual(Math.floor(plot?.width ?? Number.NaN));
    expect(copied.height).toBeGreaterThan(plot?.height ?? Number.NaN);
    expect(await posted(page, "save")).toEqual([]);
  });

  test("fold, order, zoom, cursor and layer survive a reload", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=1000" });
    await page.locator(layerChart).waitFor();
    await page.locator(".list-row", { hasText: "conv2d_CONV1" }).click();
    await page.getByRole("button", { name: "Findings", exact: true }).click();
    await page.locator(".section-channels .section-head").hover();
    await page.getByLabel("Move Channels up").click();
    await page.locator('[data-chart="mean-deviation"].chart:not(.compact)').focus();
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowLeft");
    const range = await page.locator(".range").innerText();
    await page.reload();
    await page.waitForSelector(`.section-layer ${drawn}`);
    expect(await page.locator(".layer-name").innerText()).toBe("conv2d_CONV1");
    expect(await page.locator(".range").innerText()).toBe(range);
    expect(await page.locator("#section-findings").isHidden()).toBe(true);
    const order = await sectionOrder(page);
    expect(order.indexOf("channels")).toBeLessThan(order.indexOf("layer"));
  });

  test("commands of the palette and of keys act on the view and on the chart with the focus", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300" });
    await page.locator(layerChart).focus();
    await act(page, "zoomIn");
    expect(await page.locator(".button.live").innerText()).toBe("Go to live");
    await act(page, "cursorBack");
    await expect.poll(() => page.locator(".range").innerText()).toContain("Step 299");
    await act(page, "toggleTable");
    await expect.poll(() => page.locator(".section-layer .table-holder:not([hidden]) table").count()).toBe(1);
    await act(page, "saveNumbers");
    await act(page, "toggleLogarithmic");
    await expect.poll(() => page.getByLabel("Scale", { exact: true }).inputValue()).toBe("logarithmic");
    for (const weight of ["0.6", "0.9", "0.98", "0"]) {
      await act(page, "smoothMore");
      await expect.poll(() => page.getByLabel("Smoothing", { exact: true }).inputValue()).toBe(weight);
    }
    const clips = page.getByLabel("Clip outliers");
    const clipped = await clips.isChecked();
    await act(page, "toggleOutliers");
    await expect.poll(() => clips.isChecked()).toBe(!clipped);
    await act(page, "goLive");
    await expect.poll(() => page.locator(".button.live").innerText()).toBe("Live");
    await act(page, "findLayer");
    await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toBe("search");
    expect(await posted(page, "save")).toHaveLength(1);
  });

  test("commands fold and move the section with the focus, and nothing where no section has it", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300" });
    await page.locator(layerChart).focus();
    const place = async () => (await sectionOrder(page)).indexOf("layer");
    const before = await place();
    await act(page, "moveSectionUp");
    await expect.poll(place).toBe(before - 1);
    await act(page, "moveSectionDown");
    await expect.poll(place).toBe(before);
    // As a click with the right button does, on which the menu opens.
    await page.locator(".section-map .section-head").click({ button: "right" });
    await act(page, "foldSection");
    const isFolded = () => page.locator("#section-map").isHidden();
    await expect.poll(isFolded).toBe(true);
    await act(page, "foldSection");
    await expect.poll(isFolded).toBe(false);
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await act(page, "foldSection");
    await act(page, "moveSectionUp");
    expect(await isFolded()).toBe(false);
    expect(await place()).toBe(before);
  });

  test("everything is as sharp after the workbench was zoomed, also what keeps its size", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300&state=completed" });
    await page.locator(layerChart).waitFor();
    // The names beside the map are as wide before as after.
    const names = page.locator(".section-map .canvas-panel canvas").first();
    const canvases = [names, page.locator(`${layerChart} canvas`)];
    const sharpness = (canvas: Locator): Promise<number> =>
      canvas.evaluate((element) => (element as HTMLCanvasElement).width / element.clientWidth);
    const ratios = async () => (await Promise.all(canvases.map(sharpness))).map((ratio) => ratio.toFixed(1));
    await expect.poll(ratios).toEqual(["1.0", "1.0"]);
    const width = await names.evaluate((element) => element.clientWidth);
    const session = await page.context().newCDPSession(page);
    const zoom = 1.5;
    const metrics = { width: 1280 / zoom, height: 900 / zoom, deviceScaleFactor: zoom, mobile: false };
    await session.send("Emulation.setDeviceMetricsOverride", { ...metrics, width: Math.round(metrics.width) });
    await page.locator(layerChart).scrollIntoViewIfNeeded();
    await expect.poll(ratios).toEqual(["1.5", "1.5"]);
    expect(await names.evaluate((element) => element.clientWidth)).toBe(width);
  });

  test("another run can be chosen; a folded section asks for nothing", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&state=completed" });
    await page.locator(layerChart).waitFor();
    await page.getByLabel("Show another run").selectOption({ index: 1 });
    expect((await posted(page, "openRun"))[0]?.folder).toMatch(/2026-11-20_09-12-44_train$/);
    expect(await page.locator(".run-header .stop").isHidden()).toBe(true);
    await page.getByRole("button", { name: "Loss and metrics", exact: true }).click();
    const asked = async () => ((await posted(page, "subscribe")).at(-1) as { series: { statistic: string }[] }).series;
    await expect.poll(async () => (await asked()).some(({ statistic }) => statistic === "loss")).toBe(false);
  });

  test("per channel: sorted, the worst named, at the step of the cursor, thousands of them", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300&channels=4096", height: 3500 });
    const channels = page.locator(`[data-chart="channels"]${drawn}`);
    await channels.waitFor();
    expect(await channels.locator(".worst").innerText()).toMatch(/^Furthest from zero: channel \d+: /);
    await channels.locator(".channel-place").hover({ position: { x: 100, y: 60 } });
    expect(await channels.locator(".readout").innerText()).toMatch(/^channel \d+: /);
    await page.locator(layerChart).focus();
    await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(async () => (await posted(page, "channels")).at(-1)?.step).toBe(290);
    await expect.poll(() => channels.getAttribute("data-step")).toBe("290");
  });

  test("a million channels are drawn, and the worst is named", async () => {
    const { page, problems } = await pages.open({ query: "view=dashboard&layers=5&steps=300&channels=1000000" });
    const channels = page.locator(`[data-chart="channels"]`);
    await page.locator(".channels").evaluate((element) => element.scrollIntoView());
    await channels.and(page.locator(drawn)).waitFor();
    expect(await channels.locator(".worst").innerText()).toMatch(/^Furthest from zero: channel \d+: /);
    await channels.locator(".channel-place").hover({ position: { x: 100, y: 60 } });
    expect(await channels.locator(".readout").innerText()).toMatch(/\d+/);
    expect(problems).toEqual([]);
  });

  test("beside an editor and above a terminal it still shows a BatchNorm chart at once", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=13", width: 620, height: 490 });
    await page.locator(layerChart).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  });

  test("the map, the histogram and the channels have tables, images and numbers too", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300&nan=200", height: 3500 });
    for (const place of [".health-map", ".histogram", ".channels"]) {
      await expect
        .poll(async () => {
          await page.locator(place).getByLabel("Save the numbers as CSV").click();
          return (await posted(page, "save")).length;
        })
        .toBeGreaterThan(0);
      await page.locator(place).getByLabel("Save as an image").click();
      await page.locator(place).getByLabel("Show as a table").click();
      expect(await page.locator(`${place} tbody tr`).count()).toBeGreaterThan(3);
    }
    const texts = (await posted(page, "save")).map(
      (message) => (message as { content: { text?: string } }).content.text ?? "",
    );
    const map = texts.find((text) => text.startsWith("layer,")) ?? "";
    expect(map.trim().split("\r\n")).toHaveLength(6);
    expect(map).toContain("NaN");
    expect(texts.some((text) => text.startsWith("step,histogramMin,histogramMax,count0,"))).toBe(true);
    expect(texts.some((text) => text.startsWith("channel,gap,"))).toBe(true);
  });

  test("between bursts of captures the map goes on with a thin bar of the last value, and says so", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300&bursts=40", height: 3500 });
    const map = page.locator(".health-map");
    await map.getByText("no capture: last value held").waitFor();
    const texts: string[] = [];
    await map.locator(".map-scroller").focus();
    await expect
      .poll(async () => {
        await page.keyboard.press("ArrowLeft");
        texts.push(await map.locator(".readout").innerText());
        return texts.some((text) => text.includes("held from step")) && texts.some((text) => !text.includes("held"));
      })
      .toBe(true);
    expect(texts.find((text) => text.includes("held"))).toMatch(/step \d+: no capture; [\d.]+ held from step \d+$/);
    // Colours in a row's middle and at its edge, along the columns: a captured cell fills its height, a held one does not.
    const canvas = map.locator("canvas").last();
    let seen: ReturnType<typeof seenInFirstRow> = [];
    // A canvas that has just got another size is empty until the next frame.
    await expect
      .poll(async () => {
        seen = await canvas.evaluate(seenInFirstRow);
        return seen.filter(({ middle, edge }) => middle && edge).length;
      })
      .toBeGreaterThan(10);
    expect(seen.filter(({ middle, edge }) => middle && !edge).length).toBeGreaterThan(10);
    expect(seen.filter(({ middle, edge }) => !middle && edge)).toEqual([]);
  });

  test.each([
    ["dashboard", ".fact-step dd"],
    ["live", ".facts span"],
  ])("a stop in the middle of a step: the %s view counts whole steps", async (view, place) => {
    const { page } = await pages.open({ query: `view=${view}&layers=5&steps=300&speed=20` });
    const step = page.locator(place).first();
    const shown = async () => Number((await step.innerText()).replace(/\D/g, ""));
    await expect.poll(shown).toBeGreaterThan(0);
    const before = await shown();
    await page.evaluate((cutOff) => {
      const summaries = [{ layer: 5, step: cutOff, last: {}, severity: 0, attention: 0 }];
      window.postMessage({ type: "summaries", summaries }, "*");
    }, before + 100_000);
    // Some headers later.
    await expect.poll(shown).toBeGreaterThan(before + 5);
    expect(await shown()).toBeLessThan(before + 100_000);
  });

  test("five thousand layers: the list holds only what is on screen", async () => {
    const { page, problems } = await pages.open({ query: "view=dashboard&layers=5000&steps=300" });
    await page.waitForSelector(layerChart, { timeout: 20_000 });
    expect(await page.locator(".list-row").count()).toBeLessThan(60);
    expect(await page.locator(".card").count()).toBeLessThan(80);
    await page.locator(".list").focus();
    await page.keyboard.press("End");
    await expect.poll(() => page.locator('[role="option"][aria-posinset="5000"]').count()).toBe(1);
    await page.getByLabel("Search layers").fill("DENS800");
    await expect.poll(() => page.locator(".list-row:not([hidden])").count()).toBe(1);
    expect(problems).toEqual([]);
  });
});

describe("hostile names", () => {
  test.each(["live", "dashboard"])("are text in the %s, and cut", async (view) => {
    const { page, problems } = await pages.open({
      query: `view=${view}&layers=12&names=hostile&nan=100`,
      width: 900,
      height: 2500,
    });
    await page.waitForSelector(drawn);
    await page.waitForTimeout(500);
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.evaluate(() => document.body.innerText)).toContain("<img src=x");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    const long = page.locator(".name", { hasText: "long_xxxx" }).first();
    expect(await long.evaluate((name) => (name as HTMLElement).getBoundingClientRect().width)).toBeLessThan(900);
    const heights = await page.locator(".name").evaluateAll((names) => names.map((name) => name.clientHeight));
    expect(Math.max(...heights)).toBeLessThan(2 * Math.min(...heights.filter((height) => height > 0)));
    expect(problems).toEqual([]);
  });
});

describe("at home", () => {
  test.each(["live", "dashboard"])("every text of the %s is translatable", async (view) => {
    const { page } = await pages.open({ query: `view=${view}&layers=5&locale=pseudo&nan=300`, height: 3000 });
    await page.waitForSelector(drawn);
    await page.waitForTimeout(800);
    expect(await untranslated(page)).toEqual([]);
  });

  test.each([
    ["live", "dark"],
    ["live", "light"],
    ["live", "hc-dark"],
    ["live", "hc-light"],
    ["dashboard", "dark"],
    ["dashboard", "light"],
    ["dashboard", "hc-dark"],
    ["dashboard", "hc-light"],
  ])("axe finds nothing serious: %s, %s", async (view, theme) => {
    const { page } = await pages.open({ query: `view=${view}&theme=${theme}&layers=12&nan=300`, height: 2500 });
    await page.waitForSelector(drawn);
    await page.waitForTimeout(500);
    expect(await seriousViolations(page)).toEqual([]);
  });

  test("nothing moves by itself where motion is to be reduced", async () => {
    const moving = async (query: string) => {
      const { page } = await pages.open({ query: `view=dashboard&layers=5&${query}` });
      await page.locator(layerChart).waitFor();
      return page
        .locator("body *")
        .evaluateAll(
          (all) => all.filter((one) => Number.parseFloat(getComputedStyle(one).transitionDuration) > 0).length,
        );
    };
    expect(await moving("")).toBeGreaterThan(0);
    expect(await moving("reduceMotion=1")).toBe(0);
  });

  test("one chart is a tab stop, and the arrow keys take it along", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300", height: 2500 });
    await page.locator(layerChart).focus();
    const stops = () =>
      page
        .locator('.chart[role="group"]')
        .evaluateAll((charts) =>
          charts
            .filter((chart) => (chart as HTMLElement).tabIndex === 0)
            .map((chart) => chart.getAttribute("data-chart")),
        );
    expect(await stops()).toEqual(["batch-running-mean"]);
    await page.keyboard.press("ArrowDown");
    expect(await stops()).toEqual(["batch-running-variance"]);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-chart"))).toBe(
      "batch-running-variance",
    );
  });

  test("a screen reader is told where the cursor stops, not of every step on its way", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300" });
    await page.locator(layerChart).focus();
    const region = page.getByRole("status");
    await region.evaluate((element) => {
      const said: string[] = [];
      Object.assign(window, { said });
      new MutationObserver(() => said.push(element.textContent ?? "")).observe(element, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    const presses = 40;
    for (let press = 0; press < presses; press++) await page.keyboard.press("ArrowLeft");
    await expect.poll(() => region.innerText(), { timeout: 10_000 }).toContain(`tep ${300 - presses}`);
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
    expect(said.length).toBeLessThan(presses);
  });

  test("text and axes are in the workbench's font and size, which are read again when they change", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5" });
    await page.waitForSelector(layerChart);
    const sizes = () =>
      page.locator(layerChart).evaluate((chart) => ({
        text: getComputedStyle(chart).fontSize,
        axis: chart
          .querySelector("canvas")
          ?.getContext("2d")
          ?.font.match(/^[\d.]+px .*/)?.[0],
      }));
    expect((await sizes()).text).not.toBe("20px");
    await page.evaluate(() => {
      document.documentElement.style.setProperty("--vscode-font-size", "20px");
      document.documentElement.style.setProperty("--vscode-font-family", "monospace");
    });
    await expect.poll(sizes).toEqual({ text: "20px", axis: "16px monospace" });
  });

  test("colours are read again when the theme changes", async () => {
    const { page } = await pages.open({ query: "view=dashboard&theme=dark&layers=5" });
    await page.waitForSelector(layerChart);
    const blue = [26, 133, 255] as const;
    expect(await hasColour(page, `${layerChart} canvas`, blue)).toBe(false);
    await page.evaluate(() =>
      (window as unknown as { layerscopeDev: { applyTheme(name: string): void } }).layerscopeDev.applyTheme("light"),
    );
    await expect.poll(() => hasColour(page, `${layerChart} canvas`, blue)).toBe(true);
  });
});

function sectionOrder(page: Page): Promise<(string | null)[]> {
  return page.locator(".section").evaluateAll((all) => all.map((one) => one.getAttribute("data-section")));
}

/** Texts and names outside the brackets of the pseudo-locale that are neither numbers nor data of the run. */
function untranslated(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const ofTheRun =
      "bdi, .list-row, .sentence, .actions, .facts dd, .facts span, .run-name, .finding-message, .finding-action, .places, .row-class, .card-class, .legend-value, .hint .name, .link";
    const known =
      /^[\s\d.,\-−–…·+×≥∞σγβe%/|:()[\]"]*$|^(NaN|M|p50|p15–p85|gamma|beta|kernel|bias|loss|acc|val_loss|val_acc)$/;
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      const text = (node.textContent ?? "").trim();
      if (parent === null || text === "" || parent.closest("script, canvas, [hidden]") !== null) continue;
      if (parent.closest(ofTheRun) !== null || known.test(text) || text.includes("⟦")) continue;
      found.push(`${parent.className || parent.tagName}: ${text}`);
    }
    for (const element of document.querySelectorAll("[aria-label]:not(.list-row, .link)")) {
      const label = element.getAttribute("aria-label") ?? "";
      if (label !== "" && !label.includes("⟦")) found.push(`aria-label: ${label}`);
    }
    return found;
  });
}

/** Runs in the page: at many places along the map's first row, whether anything is painted in its middle and at its edge. */
function seenInFirstRow(element: SVGElement | HTMLElement): { middle: boolean; edge: boolean }[] {
  const canvas = element as HTMLCanvasElement;
  const context = canvas.getContext("2d");
  const isPainted = (x: number, y: number) => (context?.getImageData(x, y, 1, 1).data[3] ?? 0) > 0;
  const startX = Math.ceil(canvas.width * 0.3);
  return Array.from({ length: canvas.width - startX - 2 }, (_, at) => ({
    middle: isPainted(startX + at, 9),
    edge: isPainted(startX + at, 3),
  }));
}
