import { formatNumber, formatStep } from "../shared/format.js";
import type { Drawable } from "../shared/frameLoop.js";
import { button, h, setAttributes, setText } from "../shared/h.js";
import { t } from "../shared/translate.js";
import { unwatch, watchSize, watchVisibility } from "../shared/visibility.js";
import { ChartCanvas } from "./chartCanvas.js";
import type { ChartDesk } from "./chartDesk.js";
import { chartImage, copyImage } from "./chartImage.js";
import { attachPointer } from "./chartInput.js";
import { type NumberColumn, toCsv } from "./chartNumbers.js";
import { firstNonfinite, publishNumbers } from "./chartReport.js";
import type { ChartSpec } from "./chartSpec.js";
import { chartTable } from "./chartTable.js";
import { Legend } from "./legend.js";
import { indexAt, noPoints, type Points, smooth } from "./points.js";
import { keyText } from "./seriesStore.js";
import { colourOf } from "./traceStyle.js";
import { type ValueRange, valueRange } from "./valueRange.js";

export interface ChartOptions {
  /** Without title, legend and tools, for small multiples. */
  readonly compact: boolean;
}

const axes = {
  full: { valueWidthPx: 52, stepHeightPx: 18 },
  compact: { valueWidthPx: 40, stepHeightPx: 0 },
} as const;
const emptyRange: ValueRange = { min: 0, max: 1, clipped: false };
const emptyLogarithmicRange: ValueRange = { min: 0.1, max: 10, clipped: false };
const summaryIntervalMs = 2000;

/** One chart: canvas, title, legend with the values at the cursor, table alternative, tools. */
export class ChartView implements Drawable {
  readonly element: HTMLElement;
  visible = false;
  private readonly plot = h("div", { class: "plot" });
  private readonly cursor = h("div", { class: "cursor", hidden: true });
  private readonly selection = h("div", { class: "selection", hidden: true });
  private readonly note = h("div", { class: "chart-note", hidden: true });
  private readonly tableHolder = h("div", { class: "table-holder", hidden: true, tabindex: "0", role: "region" });
  private readonly tools = h("span", { class: "tools" });
  private readonly legend: Legend;
  /** For each trace the store's names of its series. */
  private readonly series: readonly (readonly string[])[];
  private canvas: ChartCanvas | null = null;
  private points: readonly Points[];
  private version = -1;
  private range: ValueRange | null = null;
  private rangeFor = "";
  private widthPx = 0;
  private heightPx = 0;
  private lastSummaryMs = Number.NEGATIVE_INFINITY;
  private lastTableMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly spec: ChartSpec,
    private readonly desk: ChartDesk,
    private readonly options: ChartOptions,
  ) {
    this.points = spec.traces.map(() => noPoints);
    this.legend = new Legend(spec.traces);
    this.series = spec.traces.map(({ keys }) => keys.map(keyText));
    this.plot.append(this.cursor, this.selection);
    if (options.compact) this.plot.append(this.note);
    const parts = options.compact ? [this.plot] : [this.head(), this.plot, this.tableHolder];
    this.element = h("div", { class: options.compact ? "chart compact" : "chart" }, ...parts);
    setAttributes(this.element, {
      "data-chart": spec.kind,
      "data-layer": spec.layer?.name ?? null,
      "data-layer-class": spec.layer?.className ?? null,
      "data-vscode-context": JSON.stringify({
        webviewSection: "chart",
        chart: spec.kind,
        layer: spec.layer?.index ?? null,
        preventDefaultContextMenuItems: true,
      }),
    });
    if (!options.compact) this.makeInteractive();
    watchVisibility(this.element, (visible) => {
      this.visible = visible;
      this.desk.visibilityChanged(this);
    });
    watchSize(this.plot, () => {
      this.widthPx = this.plot.clientWidth;
      this.heightPx = this.plot.clientHeight;
      this.desk.frames.request(this);
      this.desk.subscriptionChanged();
    });
  }

  /** At most this many points are of use here. */
  get pointsWanted(): number {
    return Math.max(60, Math.ceil(2 * (this.widthPx || 300)));
  }

  get title(): string {
    return this.spec.layer === null ? this.spec.title : `${this.spec.layer.name}: ${this.spec.title}`;
  }

  draw(): void {
    if (!this.visible || this.widthPx === 0) return;
    const { viewport } = this.desk;
    this.refreshPoints();
    if (this.isTable) {
      this.refreshTable();
      return;
    }
    this.canvas ??= this.makeCanvas();
    this.canvas.resize(this.widthPx, this.heightPx);
    const logarithmic = viewport.logarithmic && this.spec.mayBeLogarithmic;
    this.canvas.draw(viewport.shown, this.currentRange(logarithmic), logarithmic);
    this.publish();
    this.placeCursor();
  }

  themeChanged(): void {
    this.canvas?.setTheme(this.desk.theme);
    this.desk.frames.request(this);
  }

  /** The scale changed: derived points and range are made anew. */
  scaleChanged(): void {
    this.version = -1;
    this.range = null;
    this.desk.frames.request(this);
  }

  /** Cursor line and the values under it; no canvas is touched. */
  placeCursor(): void {
    if (this.canvas === null || this.isTable) return;
    const { cursor } = this.desk.viewport;
    const px = cursor === null ? Number.NaN : this.canvas.stepScale.getPixelForValue(cursor);
    const { left, right } = this.canvas.stepScale;
    const shown = px >= left - 1 && px <= right + 1;
    this.cursor.hidden = !shown;
    if (shown) this.cursor.style.transform = `translateX(${Math.round(px)}px)`;
    if (this.options.compact) return;
    this.spec.traces.forEach((_, i) => {
      this.legend.set(i, this.valueText(i, cursor));
    });
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
    const from = this.desk.viewport.cursor;
    if (points.length === 0) return (from ?? this.desk.viewport.newest) + count;
    const at = from === null ? points.length - 1 : indexAt(points, from);
    return points.step[Math.min(points.length - 1, Math.max(0, at + count))] as number;
  }

  describe(): string {
    const { from, to } = this.desk.viewport.shown;
    const values = this.spec.traces.map((trace, i) => `${trace.label} ${this.valueText(i, null)}`).join(", ");
    return t("chartSummary", this.title, formatStep(from), formatStep(to), `${values}. ${this.note.textContent ?? ""}`);
  }

  describeCursor(): string {
    const values = this.spec.traces.map((trace, i) => `${trace.label} ${this.valueText(i, this.desk.viewport.cursor)}`);
    return t("cursorAt", formatStep(this.desk.viewport.cursor ?? this.desk.viewport.newest), values.join(", "));
  }

  get isTable(): boolean {
    return !this.tableHolder.hidden;
  }

  toggleTable(): void {
    this.tableHolder.hidden = !this.tableHolder.hidden;
    this.plot.hidden = this.isTable;
    this.lastTableMs = Number.NEGATIVE_INFINITY;
    this.tools.querySelector(".tool-table")?.setAttribute("aria-pressed", String(this.isTable));
    if (this.isTable) this.refreshTable();
    else this.desk.frames.request(this);
  }

  async copyImage(): Promise<void> {
    const image = this.image();
    if (image === null) return;
    if (await copyImage(image)) this.desk.announcer.say(t("copied"));
    else this.saveImage();
  }

  saveImage(): void {
    const dataUrl = this.image();
    if (dataUrl !== null) this.desk.save(this.fileName, { kind: "png", dataUrl });
  }

  saveNumbers(): void {
    this.refreshPoints();
    this.desk.save(this.fileName, { kind: "csv", text: toCsv(this.columns()) });
  }

  /** Only the chart that has the focus, and its tools, are tab stops. */
  setTabStop(isStop: boolean): void {
    this.element.tabIndex = isStop ? 0 : -1;
    for (const tool of this.tools.querySelectorAll("button")) tool.tabIndex = isStop ? 0 : -1;
  }

  dispose(): void {
    unwatch(this.element);
    unwatch(this.plot);
    this.desk.frames.cancel(this);
    this.canvas?.destroy();
    this.canvas = null;
    this.element.remove();
  }

  private head(): HTMLElement {
    const tool = (label: string, icon: Parameters<typeof button>[2], press: () => void) =>
      this.tools.append(button(label, press, icon));
    tool(t("showTable"), { icon: "table", class: "tool tool-table" }, () => this.toggleTable());
    tool(t("copyImage"), { icon: "copy", class: "tool" }, () => void this.copyImage());
    tool(t("saveImage"), { icon: "image", class: "tool" }, () => this.saveImage());
    tool(t("saveNumbers"), { icon: "numbers", class: "tool" }, () => this.saveNumbers());
    this.tools.querySelector(".tool-table")?.setAttribute("aria-pressed", "false");
    const unit = this.spec.unit === "" ? null : h("span", { class: "unit" }, this.spec.unit);
    return h(
      "div",
      { class: "chart-head" },
      h("span", { class: "chart-title", title: `${this.spec.title} ${this.spec.unit}`.trim() }, this.spec.title, unit),
      this.tools,
      this.legend.element,
      this.note,
    );
  }

  private makeInteractive(): void {
    setAttributes(this.element, { role: "group", "aria-roledescription": t("chart"), "aria-label": this.title });
    setAttributes(this.tableHolder, { "aria-label": this.title });
    this.setTabStop(false);
    const edges = () => ({
      left: this.canvas?.stepScale.left ?? 0,
      right: this.canvas?.stepScale.right ?? this.widthPx,
    });
    attachPointer(
      {
        plot: this.plot,
        edges,
        nearest: (step) => this.nearest(step),
        showSelection: (fromPx, toPx) => {
          this.selection.hidden = fromPx === null;
          if (fromPx === null) return;
          this.selection.style.left = `${Math.min(fromPx, toPx)}px`;
          this.selection.style.width = `${Math.abs(toPx - fromPx)}px`;
        },
        onPinned: () => this.element.focus({ preventScroll: true }),
      },
      this.desk.viewport,
    );
    this.desk.attachKeys(this);
  }

  private makeCanvas(): ChartCanvas {
    const sizes = this.options.compact ? axes.compact : axes.full;
    const canvas = new ChartCanvas(this.spec.traces, this.desk.theme, sizes);
    setAttributes(canvas.element, { role: "img", "aria-label": this.title });
    this.plot.prepend(canvas.element);
    return canvas;
  }

  private refreshPoints(): void {
    const { store, viewport } = this.desk;
    let version = 0;
    for (const names of this.series) for (const name of names) version += store.version(name);
    if (version === this.version) return;
    this.version = version;
    const raw = this.spec.traces.map(({ derive }, i) => derive((this.series[i] ?? []).map((name) => store.get(name))));
    this.points = raw.map((points, i) =>
      viewport.smoothing > 0 && this.spec.traces[i]?.kind === "line" ? smooth(points, viewport.smoothing) : points,
    );
    this.canvas ??= this.makeCanvas();
    this.canvas.traces.forEach((trace, i) => {
      trace.points = this.points[i] ?? noPoints;
      trace.raw = trace.points === raw[i] ? null : (raw[i] ?? null);
    });
  }

  private currentRange(logarithmic: boolean): ValueRange {
    const { viewport } = this.desk;
    const { from, to } = viewport.shown;
    const shownAs = viewport.range === null ? `live ${logarithmic}` : `${from} ${to} ${logarithmic}`;
    const { robust } = viewport;
    if (shownAs !== this.rangeFor) this.range = null;
    this.rangeFor = shownAs;
    const options = { robust, logarithmic, includeZero: this.spec.includeZero };
    this.range = valueRange(this.points, { from, to }, options, this.range) ?? this.range;
    return this.range ?? (logarithmic ? emptyLogarithmicRange : emptyRange);
  }

  /** What was drawn, for tests, and in words for screen readers. */
  private publish(): void {
    const drawn = publishNumbers(this.element, this.columns());
    this.publishNote(drawn);
    const nowMs = performance.now();
    if (nowMs - this.lastSummaryMs < summaryIntervalMs) return;
    this.lastSummaryMs = nowMs;
    this.canvas?.element.setAttribute("aria-label", this.describe());
  }

  private publishNote(drawn: boolean): void {
    const { viewport } = this.desk;
    const notes: string[] = [];
    const bad = firstNonfinite(this.points);
    if (bad !== null) notes.push(t("nonfiniteAt", formatStep(bad)));
    if (!drawn) notes.push(viewport.range === null ? t("waitingData") : t("noData"));
    if (viewport.smoothing > 0 && !this.options.compact) notes.push(t("smoothed", viewport.smoothing));
    if (this.range?.clipped && !this.options.compact) notes.push(t("clipped"));
    this.note.hidden = notes.length === 0;
    this.note.classList.toggle("nonfinite", bad !== null);
    setText(this.note, notes.join(" · "));
  }

  private valueText(index: number, cursor: number | null): string {
    const points = this.points[index] ?? noPoints;
    const at = cursor === null ? points.length - 1 : indexAt(points, cursor);
    if (at < 0) return "–";
    if (this.spec.traces[index]?.kind !== "band") return formatNumber(points.value[at]);
    return `${formatNumber(points.low[at])} … ${formatNumber(points.high[at])}`;
  }

  private refreshTable(): void {
    const nowMs = performance.now();
    if (nowMs - this.lastTableMs < 1000) return;
    this.lastTableMs = nowMs;
    this.refreshPoints();
    this.tableHolder.replaceChildren(chartTable(this.title, this.columns(), this.desk.viewport.cursor));
  }

  private columns(): NumberColumn[] {
    return this.spec.traces.map(({ id, kind }, i) => ({ name: id, kind, points: this.points[i] ?? noPoints }));
  }

  private image(): string | null {
    if (this.canvas === null) return null;
    const { theme, runName, viewport } = this.desk;
    const legend = this.spec.traces.map(({ label, style }, i) => ({
      text: `${label} ${this.valueText(i, viewport.cursor)}`,
      colour: colourOf(style, theme),
      dash: style.dash,
    }));
    const steps = t("steps", formatStep(viewport.shown.from), formatStep(viewport.shown.to));
    const subtitle = [runName, steps, this.note.textContent].filter((part) => part).join(" · ");
    return chartImage(this.canvas.element, { title: this.title, subtitle, legend }, theme);
  }

  private get fileName(): string {
    return [this.desk.runName, this.spec.layer?.name, this.spec.kind]
      .filter((part) => part)
      .join("-")
      .replace(/[^\w.-]+/g, "_")
      .slice(0, 120);
  }
}
