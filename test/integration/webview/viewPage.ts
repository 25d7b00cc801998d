import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchBrowser } from "../../helpers/browser.mjs";
import { serveViews } from "../../helpers/serveViews.mjs";
import { workbenchTools } from "../../helpers/workbenchCache.mjs";

export interface PageChoices {
  readonly width?: number;
  readonly height?: number;
  /** Address of the page, see serveViews.mjs. */
  readonly query: string;
}

/** The views in a real browser, with a host that plays a run. */
class ViewPages {
  private constructor(
    private readonly browser: Browser,
    private readonly server: Awaited<ReturnType<typeof serveViews>>,
  ) {}

  static async start(): Promise<ViewPages> {
    const { chromium } = await workbenchTools();
    return new ViewPages(await launchBrowser(chromium), await serveViews());
  }

  /** A page that has drawn something; errors in it fail `open` or are found in `problems`. */
  async open({ width = 1280, height = 900, query }: PageChoices): Promise<ViewPage> {
    const page = await this.browser.newPage({ viewport: { width, height } });
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(`${this.server.url}?${query}`);
    return { page, problems };
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }
}

/** One browser for the tests of a file. */
export function usePages(): Pick<ViewPages, "open"> {
  let pages: ViewPages | undefined;
  beforeAll(async () => {
    pages = await ViewPages.start();
  }, 240_000);
  afterAll(() => pages?.stop());
  return {
    open: (choices) => {
      if (pages === undefined) throw new Error("The browser is there only inside a test.");
      return pages.open(choices);
    },
  };
}

export interface ViewPage {
  readonly page: Page;
  /** Errors of the page, refused by its policy or thrown. */
  readonly problems: readonly string[];
}

/** What the view has said to the host, of one type. */
export function posted(page: Page, type: string): Promise<Record<string, unknown>[]> {
  return page.evaluate(
    (wanted) =>
      (
        window as unknown as { layerscopeDev: { host: { posted: Record<string, unknown>[] } } }
      ).layerscopeDev.host.posted.filter((message) => message.type === wanted),
    type,
  );
}

/** Lets the fake run go on by some steps. */
export function advance(page: Page, steps: number): Promise<void> {
  return page.evaluate(
    (count) =>
      (window as unknown as { layerscopeDev: { host: { advance(count: number): void } } }).layerscopeDev.host.advance(
        count,
      ),
    steps,
  );
}

/** A command of the host that the view carries out. */
export function act(page: Page, action: string): Promise<void> {
  return page.evaluate((wanted) => window.postMessage({ type: "act", action: wanted }, "*"), action);
}

/** Whether the canvas has a pixel of this colour, or nearly. */
export function hasColour(page: Page, selector: string, colour: readonly number[]): Promise<boolean> {
  return page
    .locator(selector)
    .first()
    .evaluate((element, wanted) => {
      const canvas = element as HTMLCanvasElement;
      const data =
        canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? new Uint8ClampedArray();
      for (let i = 0; i < data.length; i += 4) {
        const near = wanted.every((value, channel) => Math.abs((data[i + channel] ?? 0) - value) < 6);
        if (near && (data[i + 3] ?? 0) > 250) return true;
      }
      return false;
    }, colour);
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds that is serious or worse, each with the elements. */
export async function seriousViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    return (await axe.run()).violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  });
}
