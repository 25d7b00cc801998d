import type { LayerInfo } from "../../src/run/format.js";
import type { StatisticName } from "../../src/stats/catalogue.js";
import { channelChart } from "../charts/channelCharts.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { button, h, setAttributes } from "../shared/h.js";
import type { StringKey } from "../shared/strings.js";
import { t } from "../shared/translate.js";
import { ChartGrid } from "./chartGrid.js";

/** The channel that the user has picked, over time. */
export class PinnedChannel {
  readonly element: HTMLElement;
  private readonly grid: ChartGrid;
  private readonly close: HTMLButtonElement;

  constructor(desk: ChartDesk, onClose: () => void) {
    this.grid = new ChartGrid(desk);
    this.close = button("", onClose, { icon: "close", class: "tool" });
    const tools = h("span", { class: "tools always" }, this.close);
    this.element = h("div", { class: "pinned-channel", hidden: true }, this.grid.element, tools);
  }

  show(layer: LayerInfo, [statistic, label]: readonly [StatisticName, StringKey], channel: number): void {
    this.element.hidden = false;
    const closing = t("unpinChannel", channel);
    setAttributes(this.close, { "aria-label": closing, title: closing });
    this.grid.set([channelChart(layer, statistic, label, channel)]);
  }

  hide(): void {
    this.element.hidden = true;
    this.grid.set([]);
  }
}
