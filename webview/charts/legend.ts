import { h, svg } from "../shared/h.js";
import type { TraceSpec } from "./chartSpec.js";
import type { TraceStyle } from "./traceStyle.js";

/** Names of the lines with their value at the cursor. */
export class Legend {
  readonly element = h("div", { class: "legend" });
  private readonly values: HTMLElement[] = [];
  private readonly texts: string[] = [];

  constructor(traces: readonly TraceSpec[]) {
    for (const trace of traces) {
      const value = h("span", { class: "legend-value" });
      this.values.push(value);
      this.element.append(h("span", { class: "legend-entry" }, swatch(trace.style, trace.kind), trace.label, value));
    }
  }

  set(index: number, text: string): void {
    const value = this.values[index];
    if (value === undefined || this.texts[index] === text) return;
    this.texts[index] = text;
    value.textContent = text;
  }
}

const markerPaths = {
  circle: "M10 4.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5Z",
  square: "M7.8 4.8h4.4v4.4h-4.4Z",
  triangle: "M10 3.8 13 9.4H7Z",
  diamond: "M10 3.6 13.2 7 10 10.4 6.8 7Z",
} as const;

/** A piece of the line with its dash and marker, or of the band. Coloured by a class, since inline styles are not allowed. */
export function swatch(style: TraceStyle, kind: "line" | "band"): Element {
  const frame = {
    viewBox: "0 0 20 14",
    class: `swatch colour-${style.colour}`,
    "aria-hidden": "true",
    focusable: "false",
  };
  if (kind === "band")
    return svg("svg", frame, svg("rect", { x: 1, y: 2, width: 18, height: 10, class: "swatch-band" }));
  return svg(
    "svg",
    frame,
    svg("path", { d: "M0 7h20", class: "swatch-line", "stroke-dasharray": style.dash.join(" ") || null }),
    svg("path", { d: markerPaths[style.marker], class: "swatch-marker" }),
  );
}
