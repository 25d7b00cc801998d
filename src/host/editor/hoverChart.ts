import { Buffer } from "node:buffer";
import type { SeriesData } from "../../protocol/views.js";

export interface ChartColors {
  readonly line: string;
  readonly band: string;
  readonly text: string;
  readonly trouble: string;
}

const width = 300;
const height = 70;
const padding = 4;

/**
 * A small chart of mean ± standard deviation over the steps, as a `data:` URI. Steps with NaN or Inf are marked at
 * the upper edge. Undefined where there are fewer than two points.
 */
export function hoverChart(mean: SeriesData, variance: SeriesData, colors: ChartColors): string | undefined {
  if (mean.step.length < 2) return undefined;
  const deviation = new Map<number, number>();
  for (const [at, step] of variance.step.entries()) deviation.set(step, Math.sqrt(variance.mean[at] as number));
  const points = [...mean.step].map((step, at) => ({
    step,
    value: mean.mean[at] as number,
    spread: deviation.get(step) ?? 0,
  }));
  const finite = points.filter(({ value, spread }) => Number.isFinite(value) && Number.isFinite(spread));
  if (finite.length < 2) return undefined;
  const low = Math.min(...finite.map(({ value, spread }) => value - spread));
  const high = Math.max(...finite.map(({ value, spread }) => value + spread));
  const first = (points[0] as { step: number }).step;
  const last = (points.at(-1) as { step: number }).step;
  const x = (step: number) => round(padding + ((step - first) / Math.max(1, last - first)) * (width - 2 * padding));
  const y = (value: number) => round(height - padding - ((value - low) / (high - low || 1)) * (height - 2 * padding));
  const upper = finite.map(({ step, value, spread }) => `${x(step)},${y(value + spread)}`);
  const lower = finite.map(({ step, value, spread }) => `${x(step)},${y(value - spread)}`).reverse();
  const line = finite.map(({ step, value }) => `${x(step)},${y(value)}`);
  const zero =
    low < 0 && high > 0 ? `<path d="M0 ${y(0)}H${width}" stroke="${colors.text}" stroke-opacity=".35"/>` : "";
  const marks = [...mean.nonfinite].map(
    (step) => `<path d="M${x(step)} 0v6" stroke="${colors.trouble}" stroke-width="2"/>`,
  );
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" fill="none">` +
    `${zero}<polygon points="${[...upper, ...lower].join(" ")}" fill="${colors.band}" fill-opacity=".25"/>` +
    `<polyline points="${line.join(" ")}" stroke="${colors.line}" stroke-width="1.5"/>${marks.join("")}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg, "utf8").toString("base64")}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
