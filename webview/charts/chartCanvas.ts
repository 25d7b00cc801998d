import { Chart } from "chart.js";
import { type Theme, tickFont } from "../shared/theme.js";
import type { TraceSpec } from "./chartSpec.js";
import { noPoints } from "./points.js";
import { type ShownSteps, StepScale, ValueScale } from "./scales.js";
import { NoElement, type Trace, TraceController } from "./traceController.js";
import type { ValueRange } from "./valueRange.js";

Chart.register(TraceController, NoElement, StepScale, ValueScale);

export interface AxisSizes {
  readonly valueWidthPx: number;
  readonly stepHeightPx: number;
}

/**
 * A Chart.js chart of our traces. Live data and zoom change neither options nor layout, so a frame sets the two
 * ranges and draws; `update` runs only when the size changes.
 */
export class ChartCanvas {
  readonly element = document.createElement("canvas");
  readonly traces: readonly Trace[];
  private readonly chart: Chart<"trace", never[]>;
  private widthPx = 0;
  private heightPx = 0;

  constructor(specs: readonly TraceSpec[], theme: Theme, axes: AxisSizes) {
    this.traces = specs.map(({ kind, style }) => ({ kind, style, points: noPoints, raw: null, theme }));
    this.chart = new Chart<"trace", never[]>(this.element, {
      type: "trace",
      data: { datasets: this.traces.map((trace) => ({ data: [], trace, clip: false as const })) },
      options: {
        animation: false,
        responsive: false,
        maintainAspectRatio: false,
        parsing: false,
        normalized: true,
        events: [],
        layout: { padding: { left: 0, right: 6, top: 6, bottom: 0 }, autoPadding: false },
        scales: {
          x: { type: "step", axis: "x", position: "bottom" },
          y: { type: "value", axis: "y", position: "left" },
        },
      } as never,
    });
    this.stepScale.sizePx = axes.stepHeightPx;
    this.valueScale.sizePx = axes.valueWidthPx;
    this.setTheme(theme);
  }

  get stepScale(): StepScale {
    return this.chart.scales.x as unknown as StepScale;
  }

  get valueScale(): ValueScale {
    return this.chart.scales.y as unknown as ValueScale;
  }

  setTheme(theme: Theme): void {
    this.stepScale.theme = theme;
    this.valueScale.theme = theme;
    for (const trace of this.traces) trace.theme = theme;
    this.setFont();
  }

  resize(widthPx: number, heightPx: number): void {
    const isSharp = this.chart.currentDevicePixelRatio === window.devicePixelRatio;
    if (widthPx === this.widthPx && heightPx === this.heightPx && isSharp) return;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.chart.resize(widthPx, heightPx);
    this.setFont();
  }

  draw(steps: ShownSteps, values: ValueRange, logarithmic: boolean): void {
    this.stepScale.setRange(steps);
    this.valueScale.setRange(values.min, values.max, logarithmic);
    this.chart.draw();
  }

  destroy(): void {
    this.chart.destroy();
  }

  /** A canvas that changes its size forgets its font. */
  private setFont(): void {
    const { theme } = this.stepScale;
    if (theme !== null) this.chart.ctx.font = tickFont(theme);
  }
}
