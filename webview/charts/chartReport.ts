import { setAttributes } from "../shared/h.js";
import type { NumberColumn } from "./chartNumbers.js";
import type { Points } from "./points.js";

/**
 * Puts what was drawn on the chart's element: `data-drawn`, `data-step` (the last) and the last numbers as
 * `data-last-<statistic>`, for bands `-low` and `-high`, so that a test can compare a drawn number with the run folder.
 * @returns whether anything was drawn
 */
export function publishNumbers(element: Element, columns: readonly NumberColumn[]): boolean {
  let lastStep = -1;
  for (const { name, kind, points } of columns) {
    const last = points.length - 1;
    if (last < 0) continue;
    lastStep = Math.max(lastStep, points.step[last] as number);
    const attribute = `data-last-${name.replace(/[^\w-]/g, "_").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (kind === "line") element.setAttribute(attribute, String(points.value[last]));
    else {
      element.setAttribute(`${attribute}-low`, String(points.low[last]));
      element.setAttribute(`${attribute}-high`, String(points.high[last]));
    }
  }
  const drawn = lastStep >= 0;
  setAttributes(element, { "data-drawn": drawn ? "true" : null, "data-step": drawn ? lastStep : null });
  return drawn;
}

/** First step with a NaN or Inf in any line. */
export function firstNonfinite(lines: readonly Points[]): number | null {
  let first = Number.POSITIVE_INFINITY;
  for (const { nonfinite } of lines) for (const step of nonfinite) if (step < first) first = step;
  return first === Number.POSITIVE_INFINITY ? null : first;
}
