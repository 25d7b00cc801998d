import type { ChannelsMessage, ChannelsRequest } from "../../src/protocol/views.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { toCsv } from "../charts/chartNumbers.js";
import { linearTicks } from "../charts/ticks.js";
import { CanvasPanel } from "../shared/canvasPanel.js";
import { Chooser } from "../shared/controls.js";
import { formatNumber, formatStep, formatTick } from "../shared/format.js";
import { button, h, on, setText } from "../shared/h.js";
import type { RunModel } from "../shared/runModel.js";
import type { StringKey } from "../shared/strings.js";
import { tickFont } from "../shared/theme.js";
import { t } from "../shared/translate.js";
import { watchVisibility } from "../shared/visibility.js";
import { type ChannelBars, channelBars, worstChannels } from "./channelOrder.js";
import type { StateStore } from "./viewState.js";

const shownStatistics: readonly (readonly [StatisticName, StringKey])[] = [
  ["gap", "statGap"],
  ["channelLogVarianceRatio", "statChannelLogVarianceRatio"],
  ["batchMean", "statBatchMean"],
  ["runningMean", "statRunningMean"],
  ["batchVariance", "statBatchVariance"],
  ["runningVariance", "statRunningVariance"],
  ["gamma", "statGamma"],
  ["beta", "statBeta"],
  ["channelMean", "statChannelMean"],
  ["channelVariance", "statChannelVariance"],
  ["inputChannelMean", "statInputChannelMean"],
  ["inputChannelVariance", "statInputChannelVariance"],
];

const heightPx = 150;
const gutterPx = 52;
const marginPx = 6;
const widestBarPx = 40;
const refreshIntervalMs = 1000;
const tableRows = 200;
const namedCount = 8;

/** Values of every channel of the selected layer at the cursor's step, sorted, the worst by number. */
export class ChannelSection {
  readonly element: HTMLElement;
  private readonly statistic: Chooser<string>;
  private readonly sorting: Chooser<"value" | "index">;
  private readonly summary = h("span", { class: "hint" });
  private readonly worst = h("div", { class: "worst" });
  private readonly readout = h("div", { class: "readout" }, "\u00a0");
  private readonly panel: CanvasPanel;
  private readonly tableHolder = h("div", { class: "table-holder", hidden: true, tabindex: "0", role: "region" });
  private readonly place = h("div", { class: "channel-place", role: "group", tabindex: "0" });
  private layer: number | null = null;
  private data: ChannelsMessage | null = null;
  private bars: ChannelBars | null = null;
  private hovered: number | null = null;
  private visible = false;
  private lastRequestMs = Number.NEGATIVE_INFINITY;
  private timer: number | null = null;

  constructor(
    private readonly desk: ChartDesk,
    private readonly model: RunModel,
    private readonly state: StateStore,
    private readonly request: (message: ChannelsRequest) => void,
  ) {
    this.statistic = new Chooser(t("channelStatistic"), (channelStatistic) => {
      this.state.set({ channelStatistic });
      this.refresh();
    });
    this.sorting = new Chooser(t("sorting"), (channelOrder) => {
      this.state.set({ channelOrder });
      this.refresh();
    });
    this.panel = new CanvasPanel(
      desk.frames,
      (context, width, height) => this.paint(context, width, height),
      () => {
        this.bars = null;
      },
    );
    this.panel.height = heightPx;
    const tools = h(
      "span",
      { class: "tools always" },
      button(t("showTable"), () => this.toggleTable(), { icon: "table", class: "tool" }),
      button(t("saveNumbers"), () => this.save(), { icon: "numbers", class: "tool" }),
    );
    const controls = h("div", { class: "controls" }, this.statistic.element, this.sorting.element, tools, this.summary);
    this.place.append(this.panel.element);
    this.element = h(
      "div",
      { class: "channels", "data-chart": "channels" },
      controls,
      this.worst,
      this.place,
      this.readout,
      this.tableHolder,
    );
    on(this.place, "pointermove", (event) => this.point((event as PointerEvent).clientX));
    on(this.place, "pointerleave", () => this.hover(null));
    on(this.place, "keydown", (event) => this.onKey(event as KeyboardEvent));
    watchVisibility(this.element, (visible) => {
      this.visible = visible;
      if (visible) this.ask(true);
    });
    desk.viewport.changes.listen((change) => {
      if (change === "pin") this.ask(true);
      else if (change === "extent" && desk.viewport.pinned === null) this.ask(false);
    });
  }

  show(layer: number | null): void {
    if (layer === this.layer) return;
    this.layer = layer;
    this.reset();
  }

  reset(): void {
    this.data = null;
    this.refresh();
    this.ask(true);
  }

  take(message: ChannelsMessage): void {
    if (message.layer !== this.layer) return;
    this.data = message;
    this.refresh();
  }

  themeChanged(): void {
    this.panel.request();
  }

  private get chosen(): readonly [StatisticName, StringKey] | null {
    const present = shownStatistics.filter(([name]) => (this.data?.values[name]?.length ?? 0) > 0);
    return present.find(([name]) => name === this.state.current.channelStatistic) ?? present[0] ?? null;
  }

  private get values(): Float64Array | null {
    const { chosen } = this;
    return chosen === null ? null : (this.data?.values[chosen[0]] ?? null);
  }

  private ask(now: boolean): void {
    if (this.layer === null || (this.timer !== null && !now)) return;
    if (this.timer !== null) window.clearTimeout(this.timer);
    const waitMs = now ? 120 : Math.max(120, this.lastRequestMs + refreshIntervalMs - performance.now());
    this.timer = window.setTimeout(() => {
      this.timer = null;
      if (this.layer === null || !this.visible) return;
      this.lastRequestMs = performance.now();
      this.request({ type: "channels", layer: this.layer, step: this.desk.viewport.pinned });
    }, waitMs);
  }

  private refresh(): void {
    this.bars = null;
    const { chosen, data, values } = this;
    const present = shownStatistics.filter(([name]) => (data?.values[name]?.length ?? 0) > 0);
    this.statistic.element.hidden = this.sorting.element.hidden = chosen === null;
    this.panel.element.hidden = chosen === null;
    if (chosen === null || data === null || values === null) {
      setText(this.summary, data === null ? t("waitingData") : t("noChannels"));
      setText(this.worst, "");
      this.element.removeAttribute("data-drawn");
      return;
    }
    this.statistic.set(
      present.map(([name, label]) => ({ value: name, label: t(label) })),
      chosen[0],
    );
    const { channelOrder } = this.state.current;
    this.sorting.set(
      [
        { value: "value", label: t("sortValue") },
        { value: "index", label: t("sortIndex") },
      ],
      channelOrder,
    );
    const name = this.model.layers[data.layer]?.name ?? "";
    const summary = t("channelSummary", t(chosen[1]), values.length, name, formatStep(data.step));
    setText(this.summary, summary);
    const worst = worstChannels(values, namedCount);
    const named = worst.map((channel) => t("channelValue", channel, formatNumber(values[channel]))).join(" · ");
    setText(
      this.worst,
      t(chosen[0] === "gap" || chosen[0] === "channelLogVarianceRatio" ? "worstChannels" : "largestChannels", named),
    );
    this.panel.label = `${summary}. ${this.worst.textContent ?? ""}`;
    this.place.setAttribute("aria-label", summary);
    Object.assign(this.element.dataset, { drawn: "true", layer: name, step: String(data.step) });
    this.panel.request();
    if (!this.tableHolder.hidden) this.showTable();
  }

  private drawnBars(values: Float64Array): ChannelBars {
    const width = Math.max(1, Math.floor(this.panel.widthPx - gutterPx - marginPx));
    this.bars ??= channelBars(values, this.state.current.channelOrder, width);
    return this.bars;
  }

  private paint(context: CanvasRenderingContext2D, widthPx: number, height: number): void {
    const { values } = this;
    if (values === null) return;
    const width = widthPx - gutterPx - marginPx;
    const { order, bars } = this.drawnBars(values);
    let min = 0;
    let max = 0;
    for (const value of values) {
      if (value < min && value > Number.NEGATIVE_INFINITY) min = value;
      if (value > max && value < Number.POSITIVE_INFINITY) max = value;
    }
    if (min === max) max = 1;
    const { theme } = this.desk;
    const y = (value: number) => 6 + ((max - value) / (max - min)) * (height - 12);
    const barPx = Math.min(width / bars.length, widestBarPx);
    const { values: ticks, spacing } = linearTicks(min, max, height / 34);
    context.font = tickFont(theme);
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = theme.muted;
    context.strokeStyle = theme.guide;
    for (const tick of ticks) {
      context.globalAlpha = tick === 0 ? 0.9 : 0.35;
      context.beginPath();
      context.moveTo(gutterPx, y(tick));
      context.lineTo(widthPx - marginPx, y(tick));
      context.stroke();
      context.globalAlpha = 1;
      context.fillText(formatTick(tick, spacing), gutterPx - 5, y(tick));
    }
    bars.forEach((place, bar) => {
      const value = values[order[place] as number] as number;
      const x = gutterPx + bar * barPx;
      const inner = Math.max(1, barPx > 4 ? barPx - 1 : barPx);
      if (!Number.isFinite(value)) {
        context.fillStyle = theme.error;
        context.fillRect(x, 6, inner, height - 12);
        return;
      }
      context.fillStyle = bar === this.hovered ? theme.foreground : value < 0 ? theme.series.orange : theme.series.blue;
      const zero = y(0);
      context.fillRect(x, Math.min(zero, y(value)), inner, Math.max(1, Math.abs(y(value) - zero)));
    });
  }

  private point(clientX: number): void {
    const { values } = this;
    if (values === null) return;
    const { bars } = this.drawnBars(values);
    const box = this.panel.canvas.getBoundingClientRect();
    const barPx = Math.min((this.panel.widthPx - gutterPx - marginPx) / bars.length, widestBarPx);
    const bar = Math.floor((clientX - box.left - gutterPx) / barPx);
    this.hover(bar >= 0 && bar < bars.length ? bar : null);
  }

  private onKey(event: KeyboardEvent): void {
    if (this.bars === null || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const by = (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1);
    this.hover(Math.min(this.bars.bars.length - 1, Math.max(0, (this.hovered ?? -1) + by)));
    this.desk.announcer.say(this.readout.textContent ?? "");
  }

  private hover(bar: number | null): void {
    this.hovered = bar;
    this.panel.request();
    const { bars, values } = this;
    if (bar === null || bars === null || values === null) {
      const drawn = bars?.bars.length ?? 0;
      setText(
        this.readout,
        values !== null && drawn < values.length && drawn > 0 ? t("aggregated", values.length, drawn) : "\u00a0",
      );
      return;
    }
    const channel = bars.order[bars.bars[bar] as number] as number;
    setText(this.readout, t("channelValue", channel, formatNumber(values[channel])));
  }

  private toggleTable(): void {
    this.tableHolder.hidden = !this.tableHolder.hidden;
    this.place.hidden = !this.tableHolder.hidden;
    this.tableHolder.setAttribute("aria-label", t("channels"));
    this.showTable();
  }

  private showTable(): void {
    const { chosen, values, data } = this;
    if (chosen === null || values === null || data === null) return;
    const { order } = channelBars(values, this.state.current.channelOrder, 1);
    const heads = [t("channel"), t(chosen[1])].map((text) => h("th", { scope: "col" }, text));
    const rows = [...order.subarray(0, tableRows)].map((channel) =>
      h("tr", {}, h("th", { scope: "row" }, String(channel)), h("td", {}, formatNumber(values[channel]))),
    );
    const caption = h("caption", {}, this.summary.textContent ?? "");
    this.tableHolder.replaceChildren(
      h("table", { class: "numbers" }, caption, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows)),
    );
  }

  /** All channels of all statistics at this step; the first column is the channel. */
  private save(): void {
    const { data } = this;
    if (data === null) return;
    const columns = shownStatistics.flatMap(([name]) => {
      const value = data.values[name];
      if (value === undefined) return [];
      const channel = Float64Array.from(value, (_, i) => i);
      return [
        {
          name,
          kind: "line" as const,
          points: { length: value.length, step: channel, value, low: value, high: value, nonfinite: [] },
        },
      ];
    });
    const text = toCsv(columns).replace(/^step/, "channel");
    this.desk.save(`${this.desk.runName}-channels-step-${data.step}`, { kind: "csv", text });
  }
}
