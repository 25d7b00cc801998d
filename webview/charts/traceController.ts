import { DatasetController, Element } from "chart.js";
import type { Theme } from "../shared/theme.js";
import { isHighContrast } from "../shared/theme.js";
import { indexAt, type Points } from "./points.js";
import type { StepScale, ValueScale } from "./scales.js";
import { colourOf, drawMarker, type TraceStyle } from "./traceStyle.js";

/** What a dataset of our charts holds in place of Chart.js points. */
export interface Trace {
  readonly kind: "line" | "band";
  readonly style: TraceStyle;
  points: Points;
  /** The unsmoothed points, drawn faintly behind; null when smoothing is off. */
  raw: Points | null;
  theme: Theme;
}

declare module "chart.js" {
  interface ChartTypeRegistry {
    trace: {
      chartOptions: object;
      datasetOptions: { trace: Trace };
      defaultDataPoint: never;
      metaExtensions: object;
      parsedDataType: object;
      scales: "step" | "value";
    };
  }
}

const lineWidthPx = 1.5;
const markGapPx = 7;
const crossGapPx = 14;

/** Chart.js wants a registered kind of element; none is ever made. */
export class NoElement extends Element {
  static readonly id = "none";
  static override readonly defaults = {};
}

/**
 * Draws lines and bands straight from typed arrays. Chart.js's own line controller makes an element with resolved
 * options for every point, which costs more than the drawing; sixty live charts have to fit into one frame.
 */
export class TraceController extends DatasetController<"trace"> {
  static readonly id = "trace";
  static readonly defaults = { datasetElementType: false, dataElementType: "none" };

  override buildOrUpdateElements(): void {
    // There are none.
  }

  override update(): void {
    // Nothing is cached between draws.
  }

  override draw(): void {
    const trace = (this.getDataset() as unknown as { trace: Trace }).trace;
    const { points } = trace;
    const { ctx: context, chartArea: area } = this.chart;
    const x = this.chart.scales.x as unknown as StepScale;
    const y = this.chart.scales.y as unknown as ValueScale;
    if (points.length === 0 || area.right <= area.left) return;
    context.save();
    context.beginPath();
    context.rect(area.left, area.top - 1, area.right - area.left + 4, area.bottom - area.top + 2);
    context.clip();
    const colour = colourOf(trace.style, trace.theme);
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = lineWidthPx;
    context.lineJoin = "round";
    if (trace.kind === "band") this.drawBand(trace, x, y);
    else this.drawLines(trace, x, y);
    context.restore();
  }

  private drawLines(trace: Trace, x: StepScale, y: ValueScale): void {
    const context = this.chart.ctx;
    const { first, last } = shownIndexes(trace.points, x);
    const dense = last - first > 1.5 * (x.right - x.left);
    const envelope = trace.raw ?? trace.points;
    context.globalAlpha = 0.25;
    fillBetween(context, envelope, first, last, x, y);
    if (trace.raw !== null) {
      context.globalAlpha = 0.35;
      strokeLine(context, trace.raw, first, last, x, y, dense);
    }
    context.globalAlpha = 1;
    context.setLineDash(trace.style.dash as number[]);
    strokeLine(context, trace.points, first, last, x, y, dense);
    context.setLineDash([]);
    markEdges(context, trace.points, first, last, x, y);
    markNewest(context, trace, last, x, y);
    this.markNonfinite(trace, x, first, last);
  }

  private drawBand(trace: Trace, x: StepScale, y: ValueScale): void {
    const context = this.chart.ctx;
    const { first, last } = shownIndexes(trace.points, x);
    context.globalAlpha = isHighContrast(trace.theme) ? 0.3 : 0.16;
    fillBetween(context, trace.points, first, last, x, y);
    context.globalAlpha = isHighContrast(trace.theme) ? 1 : 0.45;
    context.lineWidth = 1;
    context.setLineDash(trace.style.dash as number[]);
    const { low, high } = trace.points;
    strokeLine(context, { ...trace.points, value: high }, first, last, x, y, false);
    strokeLine(context, { ...trace.points, value: low }, first, last, x, y, false);
  }

  /**
   * NaN and Inf are never a gap that looks like health: where the line is missing the ground is red with a row of
   * crosses, and single steps inside a bucket get a rule over the full height.
   */
  private markNonfinite(trace: Trace, x: StepScale, first: number, last: number): void {
    const { step, value, nonfinite } = trace.points;
    const { ctx: context, chartArea: area } = this.chart;
    context.strokeStyle = trace.theme.error;
    context.fillStyle = trace.theme.error;
    context.lineWidth = 1.5;
    for (let i = first; i <= last; i++) {
      if (!Number.isNaN(value[i])) continue;
      const start = i;
      while (i < last && Number.isNaN(value[i + 1])) i++;
      const left = Math.max(area.left, x.getPixelForValue(step[start] as number));
      const right = Math.min(area.right, x.getPixelForValue(step[Math.min(last, i + 1)] as number));
      context.globalAlpha = 0.16;
      context.fillRect(left, area.top, Math.max(2, right - left), area.bottom - area.top);
      context.globalAlpha = 1;
      for (let px = left; px <= right; px += crossGapPx) drawCross(context, px, area.top + 5);
    }
    let lastPx = Number.NEGATIVE_INFINITY;
    for (const at of nonfinite) {
      const px = x.getPixelForValue(at);
      if (px < area.left || px > area.right || px - lastPx < markGapPx) continue;
      lastPx = px;
      context.globalAlpha = 0.6;
      context.beginPath();
      context.moveTo(px, area.top);
      context.lineTo(px, area.bottom);
      context.stroke();
      context.globalAlpha = 1;
      drawCross(context, px, area.top + 5);
    }
  }
}

function drawCross(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  context.moveTo(x - 3, y - 3);
  context.lineTo(x + 3, y + 3);
  context.moveTo(x + 3, y - 3);
  context.lineTo(x - 3, y + 3);
  context.stroke();
}

function shownIndexes(points: Points, x: StepScale): { first: number; last: number } {
  return {
    first: Math.max(0, indexAt(points, x.from)),
    last: Math.min(points.length - 1, indexAt(points, x.to) + 1),
  };
}

/** Breaks at NaN. Where points are denser than pixels, each pixel column gets its first, lowest, highest and last. */
function strokeLine(
  context: CanvasRenderingContext2D,
  { step, value }: Points,
  first: number,
  last: number,
  x: StepScale,
  y: ValueScale,
  dense: boolean,
): void {
  context.beginPath();
  let drawing = false;
  let column = Number.NaN;
  let lowest = 0;
  let highest = 0;
  let closing = 0;
  for (let i = first; i <= last; i++) {
    const number = value[i] as number;
    if (!Number.isFinite(number)) {
      drawing = false;
      continue;
    }
    const px = x.getPixelForValue(step[i] as number);
    const py = y.getPixelForValue(number);
    if (!dense) {
      if (drawing) context.lineTo(px, py);
      else context.moveTo(px, py);
      drawing = true;
      continue;
    }
    const rounded = Math.round(px);
    if (drawing && rounded === column) {
      if (py < lowest) lowest = py;
      else if (py > highest) highest = py;
      closing = py;
      continue;
    }
    if (drawing) {
      if (highest > lowest) {
        context.lineTo(column, lowest);
        context.lineTo(column, highest);
        context.lineTo(column, closing);
      }
      context.lineTo(rounded, py);
    } else context.moveTo(rounded, py);
    drawing = true;
    column = rounded;
    lowest = highest = closing = py;
  }
  if (dense && drawing && highest > lowest) {
    context.lineTo(column, lowest);
    context.lineTo(column, highest);
  }
  context.stroke();
}

function fillBetween(
  context: CanvasRenderingContext2D,
  { step, low, high }: Points,
  first: number,
  last: number,
  x: StepScale,
  y: ValueScale,
): void {
  let start = first;
  while (start <= last) {
    let end = start;
    let differs = false;
    for (; end <= last; end++) {
      const lower = low[end] as number;
      const upper = high[end] as number;
      if (!(Number.isFinite(lower) && Number.isFinite(upper))) break;
      if (lower !== upper) differs = true;
    }
    if (differs && end - start > 1) {
      context.beginPath();
      for (let i = start; i < end; i++) {
        context.lineTo(x.getPixelForValue(step[i] as number), y.getPixelForValue(high[i] as number));
      }
      for (let i = end - 1; i >= start; i--) {
        context.lineTo(x.getPixelForValue(step[i] as number), y.getPixelForValue(low[i] as number));
      }
      context.fill();
    }
    start = end + 1;
  }
}

/** A small arrowhead at the edge for each value that the range leaves out. */
function markEdges(
  context: CanvasRenderingContext2D,
  { step, low, high }: Points,
  first: number,
  last: number,
  x: StepScale,
  y: ValueScale,
): void {
  let lastPx = Number.NEGATIVE_INFINITY;
  for (let i = first; i <= last; i++) {
    const above = (high[i] as number) > y.highest;
    if (!above && !((low[i] as number) < y.lowest)) continue;
    const px = x.getPixelForValue(step[i] as number);
    if (px - lastPx < markGapPx || px < x.left - 1 || px > x.right + 1) continue;
    lastPx = px;
    const tip = above ? y.top : y.bottom;
    const base = above ? tip + 6 : tip - 6;
    context.beginPath();
    context.moveTo(px, tip);
    context.lineTo(px - 3.5, base);
    context.lineTo(px + 3.5, base);
    context.fill();
  }
}

function markNewest(context: CanvasRenderingContext2D, trace: Trace, last: number, x: StepScale, y: ValueScale): void {
  const { step, value, length } = trace.points;
  if (last !== length - 1) return;
  const px = x.getPixelForValue(step[last] as number);
  const py = y.getPixelForValue(value[last] as number);
  if (px <= x.right + 1 && py >= y.top && py <= y.bottom) drawMarker(context, trace.style.marker, px, py);
}
