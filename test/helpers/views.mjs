/** @typedef {"live" | "dashboard"} ViewName */

/**
 * A chart as its element tells it.
 * @typedef {object} DrawnChart
 * @property {string} chart kind of the chart
 * @property {string} layer
 * @property {number} step the last one drawn
 * @property {Readonly<Record<string, number>>} last trace → value at that step
 */

/** Charts of BatchNorm layers that are on the screen. */
export const drawnBatchNorm = '[data-chart][data-layer-class="BatchNormalization"][data-drawn="true"]';

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
 * @param {import("playwright-core").Page} page
 * @param {ViewName} view
 * @param {string} [selector]
 * @returns {Promise<DrawnChart[]>}
 */
export async function drawnCharts(page, view, selector = drawnBatchNorm) {
  const frame = await findView(page, view);
  if (frame === null) return [];
  const attributes = await frame
    .locator(selector)
    .evaluateAll((elements) => elements.map((element) => ({ .../** @type {HTMLElement} */ (element).dataset })))
    .catch(() => []); // the view was reloaded meanwhile
  return attributes.map((data) => ({
    chart: data.chart ?? "",
    layer: data.layer ?? "",
    step: Number(data.step),
    last: Object.fromEntries(
      Object.entries(data).flatMap(([name, value]) =>
        /^last[A-Z]/.test(name) ? [[traceName(name), Number(value)]] : [],
      ),
    ),
  }));
}

/** @param {string} attribute `lastBatchMean` */
function traceName(attribute) {
  return attribute.charAt(4).toLowerCase() + attribute.slice(5);
}
