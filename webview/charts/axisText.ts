import type { ViewAxis } from "../../src/protocol/views.js";
import { formatDuration, formatStep } from "../shared/format.js";
import { t } from "../shared/translate.js";
import { stepTicks, type Ticks } from "./ticks.js";

/** Thousandths of an epoch that one epoch has on its axis. */
export const epochUnits = 1000;

/** A place on the axis: a step, an epoch, or a time since the run's start. */
export function placeText(axis: ViewAxis, at: number): string {
  if (axis === "step") return formatStep(at);
  if (axis === "epoch") return String(Number((at / epochUnits).toFixed(3)));
  return at < 10_000 ? `${Number((at / 1000).toFixed(2))} s` : formatDuration(at);
}

/** The shown part of the axis. */
export function rangeText(axis: ViewAxis, from: number, to: number): string {
  const ends = [placeText(axis, from), placeText(axis, to)] as const;
  if (axis === "step") return t("steps", ...ends);
  return axis === "epoch" ? t("epochRange", ...ends) : t("timeRange", ...ends);
}

/** Where the cursor stands. */
export function cursorText(axis: ViewAxis, at: number): string {
  const place = placeText(axis, at);
  if (axis === "step") return `${t("step")} ${place}`;
  return axis === "epoch" ? `${t("epoch")} ${place}` : place;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const timeSpacings = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 5, 10, 24, 48, 120].map((count) => count * hour),
];

export function axisTicks(axis: ViewAxis, from: number, to: number, count: number): Ticks {
  const spacing = timeSpacings.find((candidate) => (to - from) / candidate <= count);
  if (axis !== "time" || (to - from) / second < count || spacing === undefined) return stepTicks(from, to, count);
  const first = Math.ceil(from / spacing);
  const length = Math.max(0, Math.floor(to / spacing) - first + 1);
  return { values: Array.from({ length }, (_, i) => (first + i) * spacing), spacing };
}
