import type { SeriesKey } from "../../src/protocol/views.js";
import type { LayerInfo } from "../../src/run/format.js";
import type { Points } from "./points.js";
import type { TraceStyle } from "./traceStyle.js";

/** One line or band of a chart and the series it is made of. */
export interface TraceSpec {
  /** Name of the statistic; the drawn number is found at `data-last-<id>`. */
  readonly id: string;
  readonly label: string;
  readonly kind: "line" | "band";
  readonly style: TraceStyle;
  readonly keys: readonly SeriesKey[];
  /** From the points of `keys`, in their order. */
  readonly derive: (series: readonly Points[]) => Points;
}

export interface ChartSpec {
  /** `data-chart`: what is drawn, e.g. `batch-running-mean`. */
  readonly kind: string;
  readonly title: string;
  readonly unit: string;
  readonly layer: LayerInfo | null;
  readonly traces: readonly TraceSpec[];
  /** Values are never negative, so that a logarithmic scale makes sense. */
  readonly mayBeLogarithmic: boolean;
  readonly includeZero: boolean;
}
