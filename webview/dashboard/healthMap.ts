import type { HealthMapMessage, HealthMapRequest } from "../../src/protocol/views.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { CanvasPanel } from "../shared/canvasPanel.js";
import { Chooser } from "../shared/controls.js";
import { formatNumber, formatStep } from "../shared/format.js";
import { h, on, setAttributes, setText } from "../shared/h.js";
import { Poller } from "../shared/poller.js";
import type { RunModel } from "../shared/runModel.js";
import { t } from "../shared/translate.js";
import { paintRamp } from "./colourRamp.js";
import { cellAt, type MapLayout, mapLayout, paintMap } from "./healthMapPaint.js";
import { mapCsv, mapTable } from "./healthMapTable.js";
import { heldFrom } from "./heldCells.js";
import {
  type MapStatistic,
  mapStatistics,
  middleOf,
  mostTelling,
  scaleEnds,
  shareOf,
  shownValue,
} from "./mapStatistics.js";
import { PanelTools } from "./panelTools.js";
import type { StateStore } from "./viewState.js";

const refreshIntervalMs = 1000;
const columnPx = 3;
const tallestPx = 340;
const shortestPx = 24;

interface Cell {
  readonly row: number;
  readonly column: number;
}

/** Layers × steps, coloured by a statistic; the pointer or the arrow keys read it, a press selects layer and step. */
export class HealthMap {
  readonly element: HTMLElement;
  private readonly chooser: Chooser<string>;
  private readonly panel: CanvasPanel;
  private readonly legend: CanvasPanel;
  private readonly lowLabel = h("span", {});
  private readonly middleLabel = h("span", { class: "ramp-middle" });
  private readonly highLabel = h("span", {});
  private readonly readout = h("div", { class: "readout" });
  private readonly coverage = h("span", { class: "hint" });
  private readonly scroller = h("div", { class: "map-scroller", role: "group", tabindex: "0" });
  private readonly spacer = h("div", { class: "map-spacer" });
  private readonly tools: PanelTools;
  private readonly poller = new Poller(refreshIntervalMs, () => this.ask());
  private data: HealthMapMessage | null = null;
  private cell: Cell | null = null;

  constructor(
    private readonly desk: ChartDesk,
    private readonly model: RunModel,
    private readonly state: StateStore,
    private readonly request: (message: HealthMapRequest) => void,
    private readonly onSelect: (layer: number, step: number) => void,
  ) {
    this.chooser = new Chooser(t("statistic"), (statistic) => {
      this.state.set({ mapStatistic: statistic });
      this.data = null;
      this.poller.now();
    });
    this.showChoice();
    this.panel = new CanvasPanel(
      desk.frames,
      (context, width) => this.paint(context, width),
      () => this.poller.now(),
    );
    this.panel.height = shortestPx;
    this.legend = new CanvasPanel(desk.frames, (context, width, height) =>
      paintRamp(context, width, height, desk.theme),
    );
    this.legend.height = 10;
    this.tools = new PanelTools(desk, this.panel, this.scroller, {
      title: () => t(this.chosen.label),
      table: () => (this.data === null ? null : mapTable(t(this.chosen.label), this.data, this.chosen, this.nameOf)),
      csv: () => (this.data === null ? null : mapCsv(this.data, this.nameOf)),
    });
    const key = h(
      "span",
      { class: "map-key" },
      this.lowLabel,
      h("span", { class: "ramp" }, this.legend.element, this.middleLabel),
      this.highLabel,
      h("span", { class: "key-held" }),
      t("valueHeld"),
      h("span", { class: "key-missing" }),
      t("notCaptured"),
      h("span", { class: "key-nonfinite" }, "×"),
      t("nanOrInf"),
    );
    this.scroller.append(this.spacer);
    this.spacer.append(this.panel.element);
    const controls = h("div", { class: "controls" }, this.chooser.element, key, this.coverage, this.tools.element);
    this.element = h("div", { class: "health-map" }, controls, this.scroller, this.readout, this.tools.tableHolder);
    this.listen();
  }

  /** Rows or newest step changed: ask for a newer map soon. */
  changed(): void {
    this.showChoice();
    this.poller.soon();
  }

  /** Another run: nothing of the old one stays. */
  reset(): void {
    this.data = null;
    this.cell = null;
    this.showChoice();
    this.panel.request();
    this.poller.now();
  }

  take(message: HealthMapMessage): void {
    if (message.statistic !== this.chosen.statistic) return;
    this.data = message;
    const { rows, heightPx } = this.layout();
    this.spacer.style.height = `${Math.max(shortestPx, heightPx)}px`;
    this.panel.height = Math.max(shortestPx, Math.min(tallestPx, heightPx));
    setText(this.coverage, rows.length === 0 ? t("mapNone") : t("mapRows", rows.length, this.model.layers.length));
    this.coverage.hidden = rows.length === this.model.layers.length;
    const ends = scaleEnds(this.chosen, message.values);
    const [low, high] = ends;
    setText(this.lowLabel, formatNumber(low));
    setText(this.middleLabel, formatNumber(Number(middleOf(this.chosen, ends).toPrecision(2))));
    setText(this.highLabel, `≥ ${formatNumber(Number(high.toPrecision(3)))}`);
    const label = t("mapSummary", t(this.chosen.label));
    this.panel.label = label;
    setAttributes(this.scroller, { "aria-label": label });
    this.panel.request();
    this.tools.refresh();
  }

  themeChanged(): void {
    this.panel.request();
    this.legend.request();
  }

  private get chosen(): MapStatistic {
    const wanted = this.state.current.mapStatistic || mostTelling(this.model.layers);
    return mapStatistics.find(({ statistic }) => statistic === wanted) ?? (mapStatistics[0] as MapStatistic);
  }

  private showChoice(): void {
    this.chooser.set(
      mapStatistics.map(({ statistic, label }) => ({ value: statistic, label: t(label) })),
      this.chosen.statistic,
    );
  }

  private readonly nameOf = (layer: number): string => this.model.layers[layer]?.name ?? "";

  private layout(): MapLayout {
    return mapLayout(this.data, this.panel.widthPx, tallestPx);
  }

  private listen(): void {
    on(this.scroller, "pointermove", (event) => this.point(event as PointerEvent));
    on(this.scroller, "pointerleave", () => {
      this.desk.viewport.hover(null);
      this.showCell(null);
    });
    on(this.panel.canvas, "click", (event) => {
      this.point(event as PointerEvent);
      this.press();
    });
    on(this.scroller, "scroll", () => this.panel.request());
    on(this.scroller, "keydown", (event) => this.onKey(event as KeyboardEvent));
    this.desk.viewport.changes.listen((change) => {
      if (change === "range") this.poller.now();
      else if (change === "extent") this.poller.soon();
      else if (change === "cursor") this.panel.request();
    });
  }

  private ask(): boolean {
    if (!this.panel.visible || this.panel.widthPx === 0 || this.model.layers.length === 0) return false;
    const columns = Math.max(10, Math.floor((this.panel.widthPx - this.layout().gutterPx) / columnPx));
    const { range } = this.desk.viewport;
    this.request({ type: "healthMap", statistic: this.chosen.statistic, columns, range });
    return true;
  }

  private paint(context: CanvasRenderingContext2D, widthPx: number): void {
    const { data } = this;
    if (data === null) return;
    const { chosen } = this;
    const ends = scaleEnds(chosen, data.values);
    paintMap(context, {
      data,
      layout: mapLayout(data, widthPx, tallestPx),
      scrollPx: this.scroller.scrollTop,
      heightPx: this.panel.height,
      toShare: (value) => shareOf(chosen, ends, shownValue(chosen, value)),
      nameOf: this.nameOf,
      selected: this.state.current.selectedLayer,
      cell: this.cell,
      cursor: this.desk.viewport.cursor,
      theme: this.desk.theme,
    });
  }

  private point(event: PointerEvent): void {
    const box = this.panel.canvas.getBoundingClientRect();
    const cell = cellAt(this.layout(), event.clientX - box.left, event.clientY - box.top + this.scroller.scrollTop);
    this.showCell(cell);
    if (cell !== null) this.desk.viewport.hover(this.stepOf(cell));
  }

  private onKey(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, event.shiftKey ? -10 : -1],
      ArrowRight: [0, event.shiftKey ? 10 : 1],
    };
    const move = moves[event.key];
    if (event.key === "Enter" || event.key === " ") this.press();
    else if (move !== undefined && this.data !== null) {
      const { rows, rowHeightPx } = this.layout();
      const from = this.cell ?? { row: 0, column: this.data.columns - 1 };
      const row = Math.min(rows.length - 1, Math.max(0, from.row + move[0]));
      const column = Math.min(this.data.columns - 1, Math.max(0, from.column + move[1]));
      this.showCell({ row, column });
      this.scroller.scrollTop = Math.max(0, (row + 1) * rowHeightPx - this.panel.height);
      this.desk.viewport.hover(this.stepOf({ row, column }));
      this.desk.announcer.say(this.readout.textContent ?? "");
    } else return;
    event.preventDefault();
  }

  private press(): void {
    const layer = this.cell === null ? undefined : this.layout().rows[this.cell.row]?.layer;
    if (this.cell !== null && layer !== undefined) this.onSelect(layer, this.stepOf(this.cell));
  }

  private stepOf({ column }: Cell): number {
    const { from, to, columns } = this.data ?? { from: 0, to: 1, columns: 1 };
    return Math.round(from + ((column + 0.5) / columns) * (to - from));
  }

  private showCell(cell: Cell | null): void {
    this.cell = cell;
    this.panel.request();
    const row = cell === null ? undefined : this.layout().rows[cell.row];
    if (cell === null || row === undefined || this.data === null) {
      setText(this.readout, "\u00a0");
      return;
    }
    const name = this.model.layers[row.layer]?.name ?? "";
    const held = heldFrom(this.data, row.index, cell.column);
    const value = this.textAt(row.index, held ?? cell.column);
    const text = held === null ? value : t("mapHeld", value, formatStep(this.stepOf({ ...cell, column: held })));
    setText(this.readout, t("mapCell", name, formatStep(this.stepOf(cell)), text));
  }

  private textAt(row: number, column: number): string {
    const raw = this.data?.values[row * this.data.columns + column] ?? Number.NaN;
    if (Number.isNaN(raw)) return t("notCaptured");
    return Number.isFinite(raw) ? formatNumber(shownValue(this.chosen, raw)) : t("nanOrInf");
  }
}
