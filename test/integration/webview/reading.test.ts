import { describe, expect, test } from "vitest";
import { contrast } from "../../../webview/shared/seriesColours.js";
import { seenColours } from "../../helpers/seenColours.mjs";
import { advance, hasColour, posted, usePages } from "./viewPage.js";

const pages = usePages();

const lossChart = '.section-metrics [data-chart="loss"][data-drawn="true"]';

describe("ends of epochs", () => {
  test("are lines in every chart over steps, as many as have room", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=734" });
    await page.locator(lossChart).waitFor();
    await expect.poll(() => page.locator(lossChart).getAttribute("data-epochs")).toBe("200 400 600");
    const layerChart = page.locator('.section-layer [data-chart="batch-running-mean"][data-drawn="true"]');
    await expect.poll(() => layerChart.getAttribute("data-epochs")).toBe("200 400 600");
    await layerChart.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("+");
    await expect.poll(() => layerChart.getAttribute("data-epochs")).toBe("200");
  });

  test("are thinned to round numbers of a hundred", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=20000" });
    await page.locator(lossChart).waitFor();
    const ends = async () => ((await page.locator(lossChart).getAttribute("data-epochs")) ?? "").split(" ").map(Number);
    await expect.poll(async () => (await ends()).length).toBeGreaterThan(3);
    expect((await ends()).length).toBeLessThan(20);
    expect((await ends()).every((step) => step % 2000 === 0)).toBe(true);
  });

  test("are not drawn over each other where all of them lie at one end", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=1000000&state=completed" });
    await page.locator(lossChart).waitFor();
    await expect.poll(() => page.locator(lossChart).getAttribute("data-step")).toBe("1000000");
    expect(await page.locator(lossChart).getAttribute("data-epochs")).toBe("");
  });

  test("are lines in the live view too", async () => {
    const { page } = await pages.open({ query: "view=live&layers=5&steps=734", width: 300 });
    const chart = page.locator('.card [data-drawn="true"]').first();
    await chart.waitFor();
    await expect.poll(() => chart.getAttribute("data-epochs")).toBe("200 400 600");
  });
});

describe("the header", () => {
  test("has elapsed and remaining time, and a bar of the epochs that fit tells; none once the run has ended", async () => {
    const shown = async (query: string) => {
      const { page } = await pages.open({ query: `view=dashboard&layers=5&${query}` });
      await page.waitForSelector(lossChart);
      const fact = async (name: string) => {
        const value = page.locator(`.fact-${name} dd`);
        return (await value.isVisible()) ? value.innerText() : null;
      };
      const [elapsed, remaining] = await Promise.all([fact("elapsed"), fact("remaining")]);
      const bar = page.locator(".progress");
      const share = await bar.evaluate((element) => {
        const [done] = element.children;
        return (done?.getBoundingClientRect().width ?? 0) / element.getBoundingClientRect().width;
      });
      return {
        elapsed,
        remaining,
        bar: await bar.getAttribute("aria-valuenow"),
        share,
        isShown: await bar.isVisible(),
      };
    };
    // A step of 84 ms, ten epochs of 200 steps.
    const first = await shown("steps=500");
    expect(first).toMatchObject({ elapsed: "0:42", remaining: "about 2:06", bar: "25", isShown: true });
    expect(first.share).toBeCloseTo(0.25, 2);
    const later = await shown("steps=1500");
    expect(later).toMatchObject({ elapsed: "2:06", remaining: "about 0:42", bar: "75", isShown: true });
    expect(later.share).toBeCloseTo(0.75, 2);
    expect(await shown("steps=2000&state=completed")).toMatchObject({ remaining: null, isShown: false });
  });
});

describe("which layer drifts most", () => {
  test.each([300, 540, 1280])("is said in sight at %i pixels, without scrolling", async (width) => {
    const { page } = await pages.open({ query: "view=dashboard&layers=150", width, height: 500 });
    const verdict = page.locator(".verdict");
    await expect.poll(() => verdict.textContent()).toContain("Drifts most:batch_normalization_BATC7b");
    const box = await verdict.boundingBox();
    expect(box?.y).toBeGreaterThan(0);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(400);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  });

  test("is the row of the map that stands out", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=150&state=completed" });
    await page.locator(lossChart).waitFor();
    await expect.poll(async () => (await posted(page, "healthMap")).at(-1)?.statistic).toBe("meanShift");
    await expect.poll(() => page.locator(".ramp-middle").textContent()).toBe("0.25");
    await page.getByRole("combobox", { name: "Statistic", exact: true }).first().selectOption("zeroFraction");
    await expect.poll(async () => (await posted(page, "healthMap")).at(-1)?.statistic).toBe("zeroFraction");
    await expect.poll(() => page.locator(".ramp-middle").textContent()).toBe("0.5");
  });
});

describe("lines", () => {
  test.each(["dark", "light", "hc-dark", "hc-light"])(
    "stand out from the background in the theme %s, in the colour of their name",
    async (theme) => {
      const { page } = await pages.open({ query: `view=dashboard&layers=5&theme=${theme}` });
      await page.locator(lossChart).waitFor();
      const running = page.locator('[data-chart="batch-running-mean"]').first();
      await running.locator("xpath=self::*[@data-drawn='true']").waitFor();
      const colours = await running.locator(".swatch.colour-orange").evaluate(seenColours);
      expect(contrast(colours.line, colours.ground)).toBeGreaterThanOrEqual(3);
      expect(await hasColour(page, ".section-layer [data-chart='batch-running-mean'] canvas", colours.line)).toBe(true);
    },
  );
});

describe("the first layer shown", () => {
  const selected = ".layer-name";

  test("is the worst BatchNorm layer once there are numbers, and stays", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=150&steps=0" });
    await page.locator(selected).waitFor();
    expect(await page.locator(selected).innerText()).not.toBe("batch_normalization_BATC7b");
    await advance(page, 200);
    await expect.poll(() => page.locator(selected).innerText()).toBe("batch_normalization_BATC7b");
    expect(await page.locator('.list-row[aria-selected="true"]').innerText()).toContain("batch_normalization_BATC7b");
    // What nobody chose is not remembered as a choice.
    expect((await posted(page, "select")).filter(({ layer }) => layer !== null)).toEqual([]);
  });

  test("is in sight in a list of two rows, also after the order has become another", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=150&steps=0", width: 540, height: 600 });
    await page.locator(selected).waitFor();
    await advance(page, 200);
    await expect.poll(() => page.locator(selected).innerText()).toBe("batch_normalization_BATC7b");
    const row = page.locator('.list-row[aria-selected="true"]');
    const isSeen = () =>
      row.evaluate((element) => {
        const list = element.closest(".list")?.getBoundingClientRect();
        const own = element.getBoundingClientRect();
        return list !== undefined && own.top >= list.top - 1 && own.bottom <= list.bottom + 1;
      });
    // The list is put in order at most every three seconds.
    await expect
      .poll(
        async () => {
          await advance(page, 1);
          return (await row.getAttribute("aria-posinset")) === "1" && (await isSeen());
        },
        { timeout: 15_000 },
      )
      .toBe(true);
  });

  test("is the one that the user chose before", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=12&steps=0" });
    await page.locator(".list-row", { hasText: "conv2d_CONV1" }).click();
    await advance(page, 200);
    await page.locator(lossChart).waitFor();
    expect(await page.locator(selected).innerText()).toBe("conv2d_CONV1");
  });
});

describe("a channel", () => {
  test("is drawn over time after a press on its bar, until it is closed", async () => {
    const { page, problems } = await pages.open({ query: "view=dashboard&layers=5&steps=300", height: 3500 });
    const place = page.locator(".channel-place");
    await page.waitForSelector('[data-chart="channels"][data-drawn="true"]');
    await place.click({ position: { x: 100, y: 60 } });
    const channel = /channel (\d+)/.exec(await page.locator(".channels .readout").innerText())?.[1] ?? "";
    const chart = page.locator('[data-chart="channel"][data-drawn="true"]');
    await chart.waitFor();
    expect(await chart.locator(".chart-title").innerText()).toContain(`Channel ${channel} over time`);
    const asked = (await posted(page, "subscribe")).at(-1) as { series: { channel?: number; statistic: string }[] };
    expect(asked.series.find((series) => series.channel !== undefined)).toMatchObject({
      channel: Number(channel),
      statistic: "gap",
    });
    await page.getByLabel("Statistic per channel").selectOption("batchMean");
    await expect.poll(() => chart.locator(".legend-entry").count()).toBe(2);
    await page.reload();
    await page.locator('[data-chart="channel"][data-drawn="true"]').waitFor();
    await page.getByLabel(`Close the chart of channel ${channel}`).click();
    await expect.poll(() => page.locator('[data-chart="channel"]').count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test("is picked by keyboard", async () => {
    const { page } = await pages.open({ query: "view=dashboard&layers=5&steps=300", height: 3500 });
    await page.waitForSelector('[data-chart="channels"][data-drawn="true"]');
    await page.locator(".channel-place").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.locator('[data-chart="channel"][data-drawn="true"]').waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator('[data-chart="channel"]').count()).toBe(0);
  });
});
