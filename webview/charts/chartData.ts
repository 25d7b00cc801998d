import { formatNumber } from "../shared/format.js";
import type { NumberColumn } from "./chartNumbers.js";
import { firstNonfinite } from "./chartReport.js";
import type { ChartSpec } from "./chartSpec.js";
import { indexAt, noPoints, type Points, smooth } from "./points.js";
import { keyText, type SeriesStore } from "./seriesStore.js";
import { type ValueRange, valueRange } from "./valueRange.js";
import type { Viewport } from "./viewport.js";

const emptyRange: ValueRange = { min: 0, max: 1, clipped: false };
const emptyLogarithmicRange: ValueRange = { min: 0.1, max: 10, clipped: false };

/** The numbers of one chart: the points of its traces, their range, and what stands at a step. Knows no DOM. */
export class ChartData {
  points: readonly Points[];
  /** The unsmoothed points where they differ. */
  raw: readonly (Points | null)[] = [];
  range: ValueRange | null = null;
  /** For each trace the store's names of its series. */
  private readonly series: readonly (readonly string[])[];
  private version = -1;
  private rangeFor = "";

  constructor(
    private readonly spec: ChartSpec,
    private readonly store: SeriesStore,
    private readonly viewport: Viewport,
  ) {
    this.points = spec.traces.map(() => noPoints);
    this.series = spec.traces.map(({ keys }) => keys.map(keyText));
  }

  /** The scale changed: points and range are derived anew. */
  invalidate(): void {
    this.version = -1;
    this.range = null;
  }

  /** Takes what is new in the store; false when nothing is. */
  refresh(): boolean {
    let version = 0;
    for (const names of this.series) for (const name of names) version += this.store.version(name);
    if (version === this.version) return false;
    this.version = version;
    const { smoothing } = this.viewport;
    const derived = this.spec.traces.map(({ derive }, i) =>
      derive((this.series[i] ?? []).map((name) => this.store.get(name))),
    );
    this.points = derived.map((points, i) =>
      smoothing > 0 && this.spec.traces[i]?.kind === "line" ? smooth(points, smoothing) : points,
    );
    this.raw = derived.map((points, i) => (points === this.points[i] ? null : points));
    return true;
  }

  currentRange(logarithmic: boolean): ValueRange {
    const { robust, shown, range } = this.viewport;
    const { from, to } = shown;
    const shownAs = range === null ? `live ${logarithmic}` : `${from} ${to} ${logarithmic}`;
    if (shownAs !== this.rangeFor) this.range = null;
    this.rangeFor = shownAs;
    const options = { robust, logarithmic, includeZero: this.spec.includeZero };
    this.range = valueRange(this.points, { from, to }, options, this.range) ?? this.range;
    return this.range ?? (logarithmic ? emptyLogarithmicRange : emptyRange);
  }

  /** The captured step nearest to `step`; the same step where nothing is drawn. */
  nearest(step: number): number {
    const points = this.points.find((candidate) => candidate.length > 0);
    if (points === undefined) return step;
    const before = Math.max(0, indexAt(points, step));
    const after = Math.min(points.length - 1, before + 1);
    const a = points.step[before] as number;
    const b = points.step[after] as number;
    return step - a <= b - step ? a : b;
  }

  /** The step `count` points away from the cursor. */
  stepAway(count: number): number {
    const points = this.points.find((candidate) => candidate.length > 0) ?? noPoints;
    const from = this.viewport.cursor;
    if (points.length === 0) return (from ?? this.viewport.newest) + count;
    const at = from === null ? points.length - 1 : indexAt(points, from);
    return points.step[Math.min(points.length - 1, Math.max(0, at + count))] as number;
  }

  /** What a trace shows at the cursor; null: at its newest point. */
  valueText(index: number, cursor: number | null): string {
    const points = this.points[index] ?? noPoints;
    const at = cursor === null ? points.length - 1 : indexAt(points, cursor);
    if (at < 0) return "–";
    if (this.spec.traces[index]?.kind !== "band") return formatNumber(points.value[at]);
    return `${formatNumber(points.low[at])} … ${formatNumber(points.high[at])}`;
  }

  /** All traces with their values, in words. */
  valuesText(cursor: number | null): string {
    return this.spec.traces.map((trace, i) => `${trace.label} ${this.valueText(i, cursor)}`).join(", ");
  }

  columns(): NumberColumn[] {
    return this.spec.traces.map(({ id, kind }, i) => ({ name: id, kind, points: this.points[i] ?? noPoints }));
  }

  get firstNonfinite(): number | null {
    return firstNonfinite(this.points);
  }

  /** Some points are known to be missing between those that are drawn. */
  get isSample(): boolean {
    return this.points.some(({ isSample }) => isSample === true);
  }
}
