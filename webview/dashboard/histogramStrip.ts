import type { HistogramsMessage, HistogramsRequest } from "../../src/protocol/views.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { csvText } from "../charts/chartNumbers.js";
import { CanvasPanel } from "../shared/canvasPanel.js";
import { formatNumber, formatStep } from "../shared/format.js";
import { h, setText } from "../shared/h.js";
import { numbersTable } from "../shared/numbersTable.js";
import { Poller } from "../shared/poller.js";
import type { RunModel } from "../shared/runModel.js";
import { tickFont } from "../shared/theme.js";
import { t } from "../shared/translate.js";
import { rampTable } from "./colourRamp.js";
import { PanelTools } from "./panelTools.js";

const heightPx = 140;
const gutterPx = 52;
const refreshIntervalMs = 2000;
const valueRows = 96;
const tableRows = 200;

/** Histograms over the steps as a heat strip: one column per captured step, brightness = share of the values. */
export class HistogramStrip {
  readonly element: HTMLElement;
  private readonly panel: CanvasPanel;
  private readonly note = h("div", { class: "hint" });
  private readonly tools: PanelTools;
  private readonly poller = new Poller(refreshIntervalMs, () => this.ask());
  private layer: number | null = null;
  private data: HistogramsMessage | null = null;

  constructor(
    private readonly desk: ChartDesk,
    private readonly model: RunModel,
    private readonly request: (message: HistogramsRequest) => void,
  ) {
    this.panel = new CanvasPanel(
      desk.frames,
      (context, width, height) => this.paint(context, width, height),
      () => this.poller.now(),
    );
    this.panel.height = heightPx;
    this.tools = new PanelTools(desk, this.panel, this.panel.element, {
      title: () => `${this.name} ${t("histogramOverTime")}`,
      table: () => this.table(),
      csv: () => this.csv(),
    });
    const head = h(
      "div",
      { class: "chart-head" },
      h("span", { class: "chart-title" }, t("histogramOverTime")),
      this.tools.element,
    );
    this.element = h(
      "div",
      { class: "chart histogram", "data-chart": "histogram" },
      head,
      this.panel.element,
      this.note,
      this.tools.tableHolder,
    );
    desk.viewport.changes.listen((change) => {
      if (change === "range") this.poller.now();
      else if (change === "extent") this.poller.soon();
      else if (change === "cursor") this.panel.request();
    });
  }

  show(layer: number | null): void {
    if (layer === this.layer) return;
    this.layer = layer;
    this.reset();
  }

  reset(): void {
    this.data = null;
    this.element.removeAttribute("data-drawn");
    setText(this.note, "");
    this.panel.request();
    this.poller.now();
  }

  take(message: HistogramsMessage): void {
    if (message.layer !== this.layer) return;
    this.data = message;
    const count = message.step.length;
    const name = this.model.layers[message.layer]?.name ?? "";
    setText(this.note, count === 0 ? t("noHistogram") : "");
    this.panel.element.hidden = count === 0;
    const { low, high } = valueEnds(message);
    this.panel.label = t("histogramSummary", name, count, formatNumber(low), formatNumber(high));
    if (count > 0) this.element.dataset.drawn = "true";
    this.element.dataset.layer = name;
    this.panel.request();
    this.tools.refresh();
  }

  themeChanged(): void {
    this.panel.request();
  }

  private ask(): boolean {
    if (this.layer === null || this.element.offsetParent === null) return false;
    const columns = Math.max(20, Math.floor((this.element.clientWidth - gutterPx) / 4));
    this.request({ type: "histograms", layer: this.layer, columns, range: this.desk.viewport.range });
    return true;
  }

  private paint(context: CanvasRenderingContext2D, widthPx: number, height: number): void {
    const { data } = this;
    if (data === null || data.step.length === 0) return;
    const { theme, viewport } = this.desk;
    const { from, to } = viewport.shown;
    const ends = valueEnds(data);
    const image = densityImage(data, ends, rampTable(theme));
    context.imageSmoothingEnabled = false;
    const px = (step: number) => gutterPx + ((step - from) / (to - from)) * (widthPx - gutterPx - 6);
    for (let i = 0; i < data.step.length; i++) {
      const left = px(data.step[i] as number);
      const right = i + 1 < data.step.length ? px(data.step[i + 1] as number) : Math.min(widthPx - 6, left + 6);
      const clipped = Math.max(gutterPx, left);
      if (right <= clipped) continue;
      context.drawImage(image, i, 0, 1, valueRows, clipped, 4, right - clipped + 0.5, height - 8);
    }
    if (viewport.cursor !== null) {
      context.fillStyle = theme.foreground;
      context.fillRect(Math.round(px(viewport.cursor)), 4, 1, height - 8);
    }
    context.font = tickFont(theme);
    context.fillStyle = theme.muted;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const share of [0, 0.5, 1]) {
      const y = 4 + (1 - share) * (height - 8);
      context.fillText(
        formatNumber(Number((ends.low + share * (ends.high - ends.low)).toPrecision(3))),
        gutterPx - 5,
        Math.min(height - 6, Math.max(6, y)),
      );
    }
  }

  private get name(): string {
    return this.layer === null ? "" : (this.model.layers[this.layer]?.name ?? "");
  }

  private table(): HTMLTableElement | null {
    const { data } = this;
    if (data === null) return null;
    const heads = [t("step"), t("lowValue"), t("highValue"), t("medianBin"), t("belowRange"), t("aboveRange")];
    const first = Math.max(0, data.step.length - tableRows);
    const rows = [...data.step.subarray(first)].map((step, i) => {
      const column = first + i;
      const counts = innerCounts(data, column);
      const low = data.low[column] as number;
      const high = data.high[column] as number;
      const fullest = counts.indexOf(Math.max(...counts));
      const middle = low + ((fullest + 0.5) / counts.length) * (high - low);
      const below = data.counts[column * data.bins] as number;
      const above = data.counts[(column + 1) * data.bins - 1] as number;
      return { head: formatStep(step), cells: [low, high, middle, below, above] };
    });
    return numbersTable({ caption: t("histogramOverTime"), heads, rows });
  }

  /** One row per captured step: range, then all counts, those below and above the range first and last. */
  private csv(): string | null {
    const { data } = this;
    if (data === null) return null;
    const bins = Array.from({ length: data.bins }, (_, bin) => `count${bin}`);
    const rows = [...data.step].map((step, column) => {
      const counts = data.counts.subarray(column * data.bins, (column + 1) * data.bins);
      return [step, data.low[column] as number, data.high[column] as number, ...counts];
    });
    return csvText(["step", "histogramMin", "histogramMax", ...bins], rows);
  }
}

function valueEnds({ low, high }: HistogramsMessage): { low: number; high: number } {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of low) if (value < smallest) smallest = value;
  for (const value of high) if (value > largest) largest = value;
  return smallest < largest ? { low: smallest, high: largest } : { low: 0, high: 1 };
}

/** One column of pixels per captured step, on one value axis for all; each is scaled to its own fullest bin. */
function densityImage(data: HistogramsMessage, ends: { low: number; high: number }, ramp: Uint8ClampedArray) {
  const columns = data.step.length;
  const image = new ImageData(columns, valueRows);
  for (let column = 0; column < columns; column++) {
    const counts = innerCounts(data, column);
    const low = data.low[column] as number;
    const width = (data.high[column] as number) - low;
    let most = 0;
    for (const count of counts) if (count > most) most = count;
    if (most === 0 || !(width > 0)) continue;
    for (let row = 0; row < valueRows; row++) {
      const value = ends.low + (1 - (row + 0.5) / valueRows) * (ends.high - ends.low);
      const bin = Math.floor(((value - low) / width) * counts.length);
      if (bin < 0 || bin >= counts.length) continue;
      const entry = Math.round(255 * Math.sqrt((counts[bin] as number) / most)) * 4;
      image.data.set(ramp.subarray(entry, entry + 4), (row * columns + column) * 4);
    }
  }
  const canvas = new OffscreenCanvas(columns, valueRows);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

/** The bins between low and high; the first and the last of all count what lies outside. */
function innerCounts({ counts, bins }: HistogramsMessage, column: number): Float64Array {
  return counts.subarray(column * bins + 1, (column + 1) * bins - 1);
}
