import type { Frame, Page } from "playwright-core";
import { expect } from "vitest";
import { type DrawnChart, drawnCharts, findView, type ViewName } from "../../helpers/views.mjs";

/** One of our webviews, as it is on the screen. */
export class View {
  constructor(
    private readonly page: Page,
    readonly name: ViewName,
  ) {}

  /** All that is written in it; empty while it is not there. */
  async text(): Promise<string> {
    const frame = await findView(this.page, this.name);
    const text = await frame
      ?.locator("body")
      .innerText()
      .catch(() => "");
    return text ?? "";
  }

  /** Its document; waits until it is there. */
  async frame(): Promise<Frame> {
    await expect.poll(() => findView(this.page, this.name), { timeout: 30_000 }).not.toBeNull();
    const frame = await findView(this.page, this.name);
    if (frame === null) throw new Error(`The ${this.name} view has gone.`);
    return frame;
  }

  /** Charts of a layer that are drawn. Scrolls to the first, for only what is on the screen is kept up to date. */
  async charts(layer: string): Promise<DrawnChart[]> {
    const ofLayer = `[data-chart][data-layer=${JSON.stringify(layer)}]`;
    const frame = await findView(this.page, this.name);
    await frame
      ?.locator(ofLayer)
      .first()
      // Not `scrollIntoViewIfNeeded`, which waits until nothing moves: on a busy machine something always does.
      .evaluate((element) => element.scrollIntoView({ block: "nearest" }), undefined, { timeout: 1000 })
      .catch(() => undefined); // there is none yet
    return drawnCharts(this.page, this.name, `${ofLayer}[data-drawn="true"]`);
  }

  /** One chart of a layer; waits until it is drawn. */
  async chart(layer: string, kind: string): Promise<DrawnChart> {
    const find = async () => (await this.charts(layer)).find(({ chart }) => chart === kind);
    await expect.poll(find, { timeout: 30_000 }).toBeDefined();
    const chart = await find();
    if (chart === undefined) throw new Error(`The ${kind} chart of ${layer} has gone from the ${this.name} view.`);
    return chart;
  }
}
