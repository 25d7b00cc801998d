import type { LayerSummary } from "../../src/protocol/views.js";
import type { LayerInfo } from "../../src/run/format.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import type { ChartView } from "../charts/chartView.js";
import { glanceChart } from "../charts/layerCharts.js";
import { h, on, setAttributes, setText } from "./h.js";
import { classBeside, layerName } from "./layerName.js";
import { layerNumbers, type Severity, severityIcon, severityName } from "./layerNames.js";
import { t } from "./translate.js";

/** One layer at a glance: name, trouble, one small chart, one line of numbers. A press opens it. */
export class LayerCard {
  readonly element: HTMLElement;
  private readonly chart: ChartView;
  private readonly mark = h("span", { class: "card-mark" });
  private readonly numbers = h("div", { class: "card-numbers" });
  private severity: Severity | null = null;

  constructor(
    readonly layer: LayerInfo,
    private readonly desk: ChartDesk,
    onOpen: (layer: LayerInfo) => void,
  ) {
    this.chart = desk.add(glanceChart(layer), { compact: true });
    const opener = h("button", { type: "button", class: "card-name" }, layerName(layer.name, layer.path));
    opener.title = t("openLayer", layer.path);
    const head = h(
      "div",
      { class: "card-head" },
      this.mark,
      opener,
      h("span", { class: "card-class" }, classBeside(layer.name, layer.className)),
    );
    this.element = h("div", { class: "card", role: "listitem" }, head, this.chart.element, this.numbers);
    setAttributes(this.element, {
      "data-card": layer.index,
      "data-vscode-context": JSON.stringify({
        webviewSection: "layer",
        layer: layer.index,
        preventDefaultContextMenuItems: true,
      }),
    });
    on(this.element, "click", () => onOpen(layer));
  }

  update(summary: LayerSummary | undefined): void {
    const lines = layerNumbers(summary);
    lines.forEach((line, i) => {
      if (this.numbers.children[i] === undefined) this.numbers.append(h("div", {}));
      setText(this.numbers.children[i] as Element, line);
    });
    while (this.numbers.childElementCount > lines.length) this.numbers.lastElementChild?.remove();
    const severity = summary?.severity ?? 0;
    if (severity === this.severity) return;
    this.severity = severity;
    const name = h("span", { class: "visually-hidden" }, severityName(severity));
    this.mark.replaceChildren(severityIcon(severity), name);
    this.mark.title = severityName(severity);
    this.element.dataset.severity = String(severity);
  }

  dispose(): void {
    this.desk.remove(this.chart);
    this.element.remove();
  }
}
