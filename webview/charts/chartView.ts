import type { Drawable } from "../shared/frameLoop.js";
import { h, setAttributes, setText } from "../shared/h.js";
import { t } from "../shared/translate.js";
import { unwatch, watchSize, watchVisibility } from "../shared/visibility.js";
import { cursorText, placeText, rangeText } from "./axisText.js";
import { ChartCanvas } from "./chartCanvas.js";
import { ChartData } from "./chartData.js";
import type { ChartDesk } from "./chartDesk.js";
import { chartImage, copyImage } from "./chartImage.js";
import { attachPointer } from "./chartInput.js";
import { toCsv } from "./chartNumbers.js";
import { publishNumbers } from "./chartReport.js";
import type { ChartSpec } from "./chartSpec.js";
import { chartTable } from "./chartTable.js";
import { ChartTools } from "./chartTools.js";
import { Legend } from "./legend.js";
import { noPoints } from "./points.js";
import { colourOf } from "./traceStyle.js";

export interface ChartOptions {
  /** Without title, legend and tools, for small multiples. */
  readonly compact: boolean;
}

const axes = {
  full: { valueWidthPx: 52, stepHeightPx: 18 },
  compact: { valueWidthPx: 40, stepHeightPx: 0 },
} as const;
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
  private readonly tools = new ChartTools(this);
  private readonly legend: Legend;
  private readonly data: ChartData;
  private canvas: ChartCanvas | null = null;
  private widthPx = 0;
  private heightPx = 0;
  private lastSummaryMs = Number.NEGATIVE_INFINITY;
  private lastTableMs = Number.NEGATIVE_INFINITY;

  constructor(
    readonly spec: ChartSpec,
    private readonly desk: ChartDesk,
    private readonly options: ChartOptions,
  ) {
    this.data = new ChartData(spec, desk.store, desk.viewport);
    this.legend = new Legend(spec.traces);
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
    this.canvas.draw(viewport, this.data.currentRange(logarithmic), logarithmic);
    this.publish();
    this.placeCursor();
  }

  themeChanged(): void {
    this.canvas?.setTheme(this.desk.theme);
    this.desk.frames.request(this);
  }

  /** The scale changed: derived points and range are made anew. */
  scaleChanged(): void {
    this.data.invalidate();
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
      this.legend.set(i, this.data.valueText(i, cursor));
    });
  }

  /** The step `count` points away from the cursor. */
  stepAway(count: number): number {
    return this.data.stepAway(count);
  }

  describe(): string {
    const { shown, axis } = this.desk.viewport;
    const values = `${this.data.valuesText(null)}. ${this.note.textContent ?? ""}`;
    return t("chartSummary", this.title, rangeText(axis, shown.from, shown.to), values);
  }

  describeCursor(): string {
    const { cursor, newest, axis } = this.desk.viewport;
    return t("cursorAt", cursorText(axis, cursor ?? newest), this.data.valuesText(cursor));
  }

  get isTable(): boolean {
    return !this.tableHolder.hidden;
  }

  toggleTable(): void {
    this.tableHolder.hidden = !this.tableHolder.hidden;
    this.plot.hidden = this.isTable;
    this.lastTableMs = Number.NEGATIVE_INFINITY;
    this.tools.showTable(this.isTable);
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
    this.desk.save(this.fileName, { kind: "csv", text: toCsv(this.data.columns()) });
  }

  /** Only the chart that has the focus, and its tools, are tab stops. */
  setTabStop(isStop: boolean): void {
    this.element.tabIndex = isStop ? 0 : -1;
    this.tools.setTabStop(isStop);
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
    const unit = this.spec.unit === "" ? null : h("span", { class: "unit" }, this.spec.unit);
    return h(
      "div",
      { class: "chart-head" },
      h("span", { class: "chart-title", title: `${this.spec.title} ${this.spec.unit}`.trim() }, this.spec.title, unit),
      this.tools.element,
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
        nearest: (step) => this.data.nearest(step),
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
    if (!this.data.refresh()) return;
    this.canvas ??= this.makeCanvas();
    this.canvas.traces.forEach((trace, i) => {
      trace.points = this.data.points[i] ?? noPoints;
      trace.raw = this.data.raw[i] ?? null;
    });
  }

  /** What was drawn, for tests, and in words for screen readers. */
  private publish(): void {
    const drawn = publishNumbers(this.element, this.data.columns());
    const epochs = this.canvas?.stepScale.epochs.map(({ step }) => step).join(" ") ?? "";
    if (this.element.dataset.epochs !== epochs) this.element.dataset.epochs = epochs;
    this.publishNote(drawn);
    const nowMs = performance.now();
    if (nowMs - this.lastSummaryMs < summaryIntervalMs) return;
    this.lastSummaryMs = nowMs;
    this.canvas?.element.setAttribute("aria-label", this.describe());
  }

  private publishNote(drawn: boolean): void {
    const { viewport } = this.desk;
    const notes: string[] = [];
    const { firstNonfinite: bad, isSample } = this.data;
    const { axis } = viewport;
    if (bad !== null) notes.push(t(axis === "step" ? "nonfiniteAt" : "nonfiniteAtPlace", placeText(axis, bad)));
    if (isSample) notes.push(t("sampled"));
    if (!drawn) notes.push(viewport.range === null ? t("waitingData") : t("noData"));
    if (viewport.smoothing > 0 && !this.options.compact) notes.push(t("smoothed", viewport.smoothing));
    if (this.data.range?.clipped && !this.options.compact) notes.push(t("clipped"));
    this.note.hidden = notes.length === 0;
    this.note.classList.toggle("nonfinite", bad !== null);
    setText(this.note, notes.join(" · "));
  }

  private refreshTable(): void {
    const nowMs = performance.now();
    if (nowMs - this.lastTableMs < 1000) return;
    this.lastTableMs = nowMs;
    this.refreshPoints();
    this.tableHolder.replaceChildren(chartTable(this.title, this.data.columns(), this.desk.viewport));
  }

  private image(): string | null {
    if (this.canvas === null) return null;
    const { theme, runName, viewport } = this.desk;
    const legend = this.spec.traces.map(({ label, style }, i) => ({
      text: `${label} ${this.data.valueText(i, viewport.cursor)}`,
      colour: colourOf(style, theme),
      dash: style.dash,
    }));
    const steps = rangeText(viewport.axis, viewport.shown.from, viewport.shown.to);
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
