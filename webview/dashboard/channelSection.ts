import type { ChannelsMessage, ChannelsRequest } from "../../src/protocol/views.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { CanvasPanel } from "../shared/canvasPanel.js";
import { Chooser } from "../shared/controls.js";
import { formatNumber, formatStep } from "../shared/format.js";
import { h, on, setText } from "../shared/h.js";
import { Poller } from "../shared/poller.js";
import type { RunModel } from "../shared/runModel.js";
import type { StringKey } from "../shared/strings.js";
import { t } from "../shared/translate.js";
import { watchVisibility } from "../shared/visibility.js";
import { channelsCsv, channelsTable, shownStatistics } from "./channelNumbers.js";
import { barOf, type ChannelBars, channelBars, worstChannels } from "./channelOrder.js";
import { barWidth, gutterPx, mostBars, paintChannels } from "./channelPaint.js";
import { PanelTools } from "./panelTools.js";
import { PinnedChannel } from "./pinnedChannel.js";
import type { StateStore } from "./viewState.js";

const heightPx = 150;
const refreshIntervalMs = 1000;
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
  private readonly tools: PanelTools;
  private readonly poller = new Poller(refreshIntervalMs, () => this.ask());
  private readonly place = h("div", { class: "channel-place", role: "group", tabindex: "0" });
  private readonly pinned: PinnedChannel;
  private layer: number | null = null;
  private data: ChannelsMessage | null = null;
  private bars: ChannelBars | null = null;
  private hovered: number | null = null;
  private visible = false;

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
    this.pinned = new PinnedChannel(desk, () => this.pin(null));
    this.tools = new PanelTools(desk, this.panel, this.place, {
      title: () => this.summary.textContent ?? "",
      table: () => {
        const { chosen, values } = this;
        if (chosen === null || values === null) return null;
        const { order } = channelBars(values, this.state.current.channelOrder, 1);
        return channelsTable(this.summary.textContent ?? "", t(chosen[1]), values, order);
      },
      csv: () => (this.data === null ? null : channelsCsv(this.data)),
    });
    const controls = h(
      "div",
      { class: "controls" },
      this.statistic.element,
      this.sorting.element,
      this.tools.element,
      this.summary,
    );
    this.place.append(this.panel.element);
    this.element = h(
      "div",
      { class: "channels", "data-chart": "channels" },
      controls,
      this.worst,
      this.place,
      this.readout,
      this.tools.tableHolder,
      this.pinned.element,
    );
    this.place.title = t("channelHelp");
    on(this.place, "click", (event) => {
      this.point((event as MouseEvent).clientX);
      this.pinHovered();
    });
    on(this.place, "pointermove", (event) => this.point((event as PointerEvent).clientX));
    on(this.place, "pointerleave", () => this.hover(null));
    on(this.place, "keydown", (event) => this.onKey(event as KeyboardEvent));
    watchVisibility(this.element, (visible) => {
      this.visible = visible;
      if (visible) this.poller.now();
    });
    desk.viewport.changes.listen((change) => {
      if (change === "pin") this.poller.now();
      else if (change === "extent" && desk.viewport.pinned === null) this.poller.soon();
    });
  }

  show(layer: number | null): void {
    if (layer === this.layer) return;
    // What was pinned before a reload is of this layer; of another layer it says nothing.
    if (this.layer !== null) this.state.set({ pinnedChannel: null });
    this.layer = layer;
    this.reset();
  }

  /** Draws a channel over time; null: none. */
  private pin(channel: number | null): void {
    this.state.set({ pinnedChannel: channel });
    this.refresh();
    if (channel === null) this.place.focus({ preventScroll: true });
  }

  private pinHovered(): void {
    const { hovered, values } = this;
    if (hovered === null || values === null) return;
    const bars = this.drawnBars(values);
    const channel = bars.order[bars.bars[hovered] as number] as number;
    this.pin(channel === this.state.current.pinnedChannel ? null : channel);
  }

  private showPinned(): void {
    const { pinnedChannel } = this.state.current;
    const { chosen, values } = this;
    const layer = this.model.layer(this.layer);
    if (pinnedChannel === null || chosen === null || layer === undefined || pinnedChannel >= (values?.length ?? 0))
      this.pinned.hide();
    else this.pinned.show(layer, chosen, pinnedChannel);
  }

  reset(): void {
    this.data = null;
    this.refresh();
    this.poller.now();
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

  private ask(): boolean {
    if (this.layer === null || !this.visible) return false;
    this.request({ type: "channels", layer: this.layer, step: this.desk.viewport.pinned });
    return true;
  }

  private refresh(): void {
    this.bars = null;
    this.showPinned();
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
    this.tools.refresh();
  }

  private drawnBars(values: Float64Array): ChannelBars {
    this.bars ??= channelBars(values, this.state.current.channelOrder, mostBars(this.panel.widthPx));
    return this.bars;
  }

  private paint(context: CanvasRenderingContext2D, widthPx: number, height: number): void {
    const { values, hovered } = this;
    const { pinnedChannel } = this.state.current;
    if (values === null) return;
    paintChannels(context, {
      values,
      bars: this.drawnBars(values),
      widthPx,
      heightPx: height,
      hovered,
      pinned: pinnedChannel === null ? null : barOf(this.drawnBars(values), pinnedChannel),
      theme: this.desk.theme,
    });
  }

  private point(clientX: number): void {
    const { values } = this;
    if (values === null) return;
    const { bars } = this.drawnBars(values);
    const box = this.panel.canvas.getBoundingClientRect();
    const barPx = barWidth(this.panel.widthPx, bars.length);
    const bar = Math.floor((clientX - box.left - gutterPx) / barPx);
    this.hover(bar >= 0 && bar < bars.length ? bar : null);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.pinHovered();
      return;
    }
    const { values } = this;
    if (values === null || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const by = (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1);
    this.hover(Math.min(this.drawnBars(values).bars.length - 1, Math.max(0, (this.hovered ?? -1) + by)));
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
}
