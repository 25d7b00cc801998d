/** JSON with NaN and the infinities as strings, lists of numbers included: JSON has no other place for them. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, replaceNumber, 2)}\n`;
}

export function replaceNumber(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float32Array);
  return value;
}
