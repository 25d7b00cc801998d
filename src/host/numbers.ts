import type { LayerSummary } from "../protocol/views.js";

/** Four significant digits at most, as short as possible; NaN and infinities by name. */
export function shortNumber(value: number | undefined): string {
  if (value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace(/-/g, "−").replace("e+", "e");
}

/** `0.12 ± 0.98`: mean and standard deviation of a layer's output; undefined before the first capture. */
export function meanAndDeviation(last: LayerSummary["last"]): string | undefined {
  if (last.mean === undefined || last.variance === undefined) return undefined;
  return `${shortNumber(last.mean)} ± ${shortNumber(Math.sqrt(last.variance))}`;
}

/** What is most worth telling beside mean and deviation: how far the layer drifts, or batch and running statistics part. */
export function driftText(
  last: LayerSummary["last"],
  labels: { readonly drift: string; readonly gap: string },
): string[] {
  const parts: string[] = [];
  if (last.referenceDrift !== undefined) parts.push(`${labels.drift} ${shortNumber(last.referenceDrift)}σ`);
  if (last.meanShift !== undefined) parts.push(`${labels.gap} ${shortNumber(last.meanShift)}σ`);
  return parts;
}

/** `1:05`, `2:03:09`. */
export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
