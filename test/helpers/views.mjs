/** @typedef {"live" | "dashboard"} ViewName */

/** What our webviews say about themselves: one element for each layer, with its class, and whether it is drawn. */
export const drawnBatchNorm = '[data-layer-class="BatchNormalization"][data-drawn="true"]';

/**
 * The document of one of our webviews: its content lies in a frame of a frame.
 * @param {import("playwright-core").Page} page
 * @param {ViewName} view
 */
export async function findView(page, view) {
  for (const frame of page.frames()) {
    const found = await frame
      .locator(`body[data-layerscope-view="${view}"]`)
      .count()
      .catch(() => 0); // a frame may go while it is asked
    if (found > 0) return frame;
  }
  return null;
}

/**
 * The text of each BatchNorm layer that the view has drawn.
 * @param {import("playwright-core").Page} page
 * @param {ViewName} view
 */
export async function drawnBatchNormLayers(page, view) {
  const frame = await findView(page, view);
  const texts = await frame
    ?.locator(drawnBatchNorm)
    .allInnerTexts()
    .catch(() => []);
  return (texts ?? []).map((text) => text.replaceAll(/\s+/g, " ").trim());
}
