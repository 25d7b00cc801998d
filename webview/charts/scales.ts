import { Scale } from "chart.js";
import type { ViewAxis } from "../../src/protocol/views.js";
import { formatTick } from "../shared/format.js";
import type { Theme } from "../shared/theme.js";
import { axisTicks, placeText } from "./axisText.js";
import { type EpochMark, epochMarks } from "./epochMarks.js";
import { linearTicks, logarithmicTicks, type Ticks } from "./ticks.js";

declare module "chart.js" {
  interface CartesianScaleTypeRegistry {
    step: { options: object };
    value: { options: object };
  }
}

const noPadding = { left: 0, top: 0, right: 0, bottom: 0, width: 0, height: 0 };

/** Measuring is slow, and all charts show the same steps. */
const textWidths = new Map<string, number>();
const mostTextWidths = 1000;

function textWidth(context: CanvasRenderingContext2D, text: string): number {
  const key = `${context.font} ${text}`;
  const known = textWidths.get(key);
  if (known !== undefined) return known;
  if (textWidths.size >= mostTextWidths) textWidths.clear();
  const { width } = context.measureText(text);
  textWidths.set(key, width);
  return width;
}

/**
 * An axis of fixed size: nothing is measured when numbers change, and the charts of a column line up,
 * so that one cursor can run through them. Chart.js's own scales resolve options for every tick of every frame.
 */
abstract class FixedScale extends Scale {
  protected labels: readonly string[] = [];
  protected ticksAt: Ticks = { values: [], spacing: 1 };
  theme: Theme | null = null;
  /** Width of a vertical, height of a horizontal axis. */
  sizePx = 0;

  override update(maxWidth: number, maxHeight: number): void {
    this.width = this.isHorizontal() ? maxWidth : this.sizePx;
    this.height = this.isHorizontal() ? this.sizePx : maxHeight;
  }

  override getPadding() {
    return noPadding;
  }

  /** The font is the chart's: setting it for every frame costs more than drawing the lines. */
  protected prepare(context: CanvasRenderingContext2D, theme: Theme): void {
    context.lineWidth = 1;
    context.strokeStyle = theme.guide;
    context.fillStyle = theme.muted;
  }
}

/** What of the shared viewport an axis draws. */
export interface ShownSteps {
  readonly shown: { readonly from: number; readonly to: number };
  readonly axis: ViewAxis;
  readonly epochEnds: readonly number[];
}

export class StepScale extends FixedScale {
  static readonly id = "step";
  static readonly defaults = {};
  from = 0;
  to = 1;

  /** The ends of epochs that are drawn. */
  epochs: readonly EpochMark[] = [];
  private axisShown: ViewAxis = "step";
  private endsShown: readonly number[] = [];

  setRange({ shown: { from, to }, axis, epochEnds }: ShownSteps): void {
    const isSame = from === this.from && to === this.to && axis === this.axisShown && epochEnds === this.endsShown;
    if (isSame && this.labels.length > 0) return;
    this.axisShown = axis;
    this.endsShown = epochEnds;
    this.epochs = epochMarks(epochEnds, { from, to }, this.right - this.left);
    this.from = from;
    this.to = to;
    this.ticksAt = axisTicks(axis, from, to, Math.max(2, (this.right - this.left) / 70));
    this.labels = this.ticksAt.values.map((value) => placeText(axis, value));
  }

  override getPixelForValue(step: number): number {
    return this.left + ((step - this.from) / (this.to - this.from)) * (this.right - this.left);
  }

  override getValueForPixel(px: number): number {
    return this.from + ((px - this.left) / (this.right - this.left)) * (this.to - this.from);
  }

  override draw(): void {
    if (this.theme === null) return;
    const context = this.ctx;
    context.save();
    this.prepare(context, this.theme);
    if (this.epochs.length > 0) this.drawEpochs(context);
    if (this.sizePx > 0) this.drawTicks(context);
    context.restore();
  }

  private drawEpochs(context: CanvasRenderingContext2D): void {
    const { top, bottom } = this.chart.chartArea;
    context.globalAlpha = 0.7;
    context.beginPath();
    for (const { step } of this.epochs) {
      const px = Math.round(this.getPixelForValue(step)) + 0.5;
      context.moveTo(px, top);
      context.lineTo(px, bottom);
    }
    context.stroke();
    context.globalAlpha = 1;
    if (this.sizePx === 0) return;
    context.textBaseline = "top";
    context.textAlign = "right";
    for (const { step, label } of this.epochs) {
      if (label !== "") context.fillText(label, this.getPixelForValue(step) - 3, top);
    }
  }

  private drawTicks(context: CanvasRenderingContext2D): void {
    context.textBaseline = "top";
    context.textAlign = "center";
    let lastEdge = Number.NEGATIVE_INFINITY;
    this.ticksAt.values.forEach((value, i) => {
      const label = this.labels[i] ?? "";
      const half = textWidth(context, label) / 2;
      const px = Math.min(Math.max(this.getPixelForValue(value), this.left + half), this.right - half + 4);
      if (px - half < lastEdge + 8) return;
      lastEdge = px + half;
      context.fillText(label, px, this.top + 4);
    });
  }
}

export class ValueScale extends FixedScale {
  static readonly id = "value";
  static readonly defaults = {};
  lowest = 0;
  highest = 1;
  logarithmic = false;
  private origin = 0;
  private factor = 1;

  setRange(lowest: number, highest: number, logarithmic: boolean): void {
    const changed = lowest !== this.lowest || highest !== this.highest || logarithmic !== this.logarithmic;
    this.lowest = lowest;
    this.highest = highest;
    this.logarithmic = logarithmic;
    const from = logarithmic ? Math.log10(lowest) : lowest;
    const to = logarithmic ? Math.log10(highest) : highest;
    this.factor = (this.top - this.bottom) / (to - from);
    this.origin = this.bottom - from * this.factor;
    if (!changed && this.labels.length > 0) return;
    const count = Math.max(2, (this.bottom - this.top) / 34);
    this.ticksAt = (logarithmic ? logarithmicTicks : linearTicks)(lowest, highest, count);
    this.labels = this.ticksAt.values.map((value) => formatTick(value, logarithmic ? value : this.ticksAt.spacing));
  }

  /** A value that is not positive lies at the bottom of a logarithmic axis. */
  override getPixelForValue(value: number): number {
    if (!this.logarithmic) return this.origin + value * this.factor;
    return value > 0 ? this.origin + Math.log10(value) * this.factor : this.bottom + 1;
  }

  override draw(): void {
    if (this.theme === null) return;
    const context = this.ctx;
    const { left, right } = this.chart.chartArea;
    context.save();
    this.prepare(context, this.theme);
    context.globalAlpha = 0.35;
    context.beginPath();
    for (const value of this.ticksAt.values) {
      const py = Math.round(this.getPixelForValue(value)) + 0.5;
      context.moveTo(left, py);
      context.lineTo(right, py);
    }
    context.stroke();
    context.globalAlpha = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    this.ticksAt.values.forEach((value, i) => {
      const py = Math.min(Math.max(this.getPixelForValue(value), this.top + 4), this.bottom - 3);
      context.fillText(this.labels[i] ?? "", left - 5, py);
    });
    context.restore();
  }
}
