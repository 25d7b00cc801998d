/** Numbers as people read them; locale-free, so that what is drawn can be compared with what is stored. */

/** About four significant digits; `NaN`, `∞` and `−∞` stay visible. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return formatNonfinite(value);
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-3) return tidy(value.toExponential(2));
  if (size >= 100) return tidy(value.toFixed(size >= 1000 ? 0 : 1));
  return tidy(value.toPrecision(size >= 1 ? 4 : 3));
}

/** Short form for tick labels. */
export function formatTick(value: number, spacing: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e5 || size < 1e-3)
    return tidy(value.toExponential(digitsFor(spacing / 10 ** Math.floor(Math.log10(size)))));
  return minus(value.toFixed(digitsFor(spacing)));
}

/** A step on an axis: `1,200`, `1.5 M`. */
export function formatStep(step: number): string {
  const whole = Math.round(step);
  if (Math.abs(whole) >= 1e6) return `${trimZeros((whole / 1e6).toFixed(3))} M`;
  return String(whole).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  return `${percent !== 0 && Math.abs(percent) < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

function formatNonfinite(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "∞" : "−∞";
}

function digitsFor(spacing: number): number {
  return Math.min(10, Math.max(0, Math.ceil(-Math.log10(spacing) - 1e-9)));
}

function tidy(text: string): string {
  const [mantissa = text, exponent] = text.split("e");
  const short = minus(trimZeros(mantissa));
  return exponent === undefined ? short : `${short}e${exponent.replace("+", "").replace("-", "−")}`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

function minus(text: string): string {
  return text.replace("-", "−");
}
