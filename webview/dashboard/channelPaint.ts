import { linearTicks } from "../charts/ticks.js";
import { formatTick } from "../shared/format.js";
import { type Theme, tickFont } from "../shared/theme.js";
import type { ChannelBars } from "./channelOrder.js";

/** Left of the bars, for numbers. */
export const gutterPx = 52;
const marginPx = 6;
const widestBarPx = 40;

export interface ChannelPicture {
  readonly values: Float64Array;
  readonly bars: ChannelBars;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Bar under the pointer. */
  readonly hovered: number | null;
  /** Bar of the channel that is drawn over time. */
  readonly pinned: number | null;
  readonly theme: Theme;
}

export function mostBars(widthPx: number): number {
  return Math.max(1, Math.floor(widthPx - gutterPx - marginPx));
}

export function barWidth(widthPx: number, bars: number): number {
  return Math.min((widthPx - gutterPx - marginPx) / bars, widestBarPx);
}

/** Bars from zero, blue up and orange down; a channel that is NaN or Inf is a red bar of full height. */
export function paintChannels(context: CanvasRenderingContext2D, picture: ChannelPicture): void {
  const { values, bars, widthPx, heightPx, hovered, pinned, theme } = picture;
  const { min, max } = finiteEnds(values);
  const y = (value: number) => marginPx + ((max - value) / (max - min)) * (heightPx - 2 * marginPx);
  paintAxis(context, picture, min, max, y);
  const barPx = barWidth(widthPx, bars.bars.length);
  const innerPx = Math.max(1, barPx > 4 ? barPx - 1 : barPx);
  const zero = y(0);
  bars.bars.forEach((place, bar) => {
    const value = values[bars.order[place] as number] as number;
    const x = gutterPx + bar * barPx;
    const isBad = !Number.isFinite(value);
    context.fillStyle = isBad ? theme.error : value < 0 ? theme.series.orange : theme.series.blue;
    if (bar === hovered) context.fillStyle = theme.foreground;
    if (isBad) context.fillRect(x, marginPx, innerPx, heightPx - 2 * marginPx);
    else context.fillRect(x, Math.min(zero, y(value)), innerPx, Math.max(1, Math.abs(y(value) - zero)));
  });
  if (pinned === null) return;
  context.strokeStyle = theme.foreground;
  context.lineWidth = 1;
  context.strokeRect(gutterPx + pinned * barPx - 1.5, marginPx - 0.5, innerPx + 3, heightPx - 2 * marginPx + 1);
}

/** Zero is always in sight. */
function finiteEnds(values: Float64Array): { min: number; max: number } {
  let min = 0;
  let max = 0;
  for (const value of values) {
    if (value < min && value > Number.NEGATIVE_INFINITY) min = value;
    if (value > max && value < Number.POSITIVE_INFINITY) max = value;
  }
  return min === max ? { min, max: 1 } : { min, max };
}

function paintAxis(
  context: CanvasRenderingContext2D,
  { widthPx, heightPx, theme }: ChannelPicture,
  min: number,
  max: number,
  y: (value: number) => number,
): void {
  const { values: ticks, spacing } = linearTicks(min, max, heightPx / 34);
  context.font = tickFont(theme);
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = theme.muted;
  context.strokeStyle = theme.guide;
  for (const tick of ticks) {
    context.globalAlpha = tick === 0 ? 0.9 : 0.35;
    context.beginPath();
    context.moveTo(gutterPx, y(tick));
    context.lineTo(widthPx - marginPx, y(tick));
    context.stroke();
    context.globalAlpha = 1;
    context.fillText(formatTick(tick, spacing), gutterPx - 5, y(tick));
  }
}
