import type { SourcePosition } from "../../src/run/format.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { layerCharts } from "../charts/layerCharts.js";
import { button, h, setText } from "../shared/h.js";
import { isBatchNorm } from "../shared/isBatchNorm.js";
import { layerNumbers, severityIcon } from "../shared/layerNames.js";
import type { RunModel } from "../shared/runModel.js";
import { t } from "../shared/translate.js";
import { ChartGrid } from "./chartGrid.js";
import type { HistogramStrip } from "./histogramStrip.js";

/** Everything about the selected layer. */
export class LayerSection {
  readonly element: HTMLElement;
  private readonly head = h("div", { class: "layer-head" });
  private readonly numbers = h("span", { class: "hint" });
  private readonly grid: ChartGrid;
  private shown = "";

  constructor(
    desk: ChartDesk,
    private readonly model: RunModel,
    private readonly histogram: HistogramStrip,
    private readonly onSource: (source: SourcePosition) => void,
  ) {
    this.grid = new ChartGrid(desk);
    this.element = h("div", { class: "layer-section" }, this.head, this.grid.element, histogram.element);
  }

  show(selected: number | null): void {
    const layer = this.model.layer(selected);
    this.histogram.show(layer?.index ?? null);
    this.histogram.element.hidden = layer === undefined;
    if (layer === undefined) {
      this.head.replaceChildren(h("span", { class: "hint" }, t("chooseLayer")));
      this.grid.set([]);
      this.shown = "";
      return;
    }
    const summary = this.model.summaries.get(layer.index);
    const missing =
      isBatchNorm(layer) && summary !== undefined && summary.last.batchMean === undefined && this.model.newestStep > 20;
    setText(this.numbers, missing ? t("notTrained") : layerNumbers(summary).join(" · "));
    const shown = JSON.stringify([layer.index, layer.path, layer.source, summary?.severity ?? 0, layer.weights]);
    if (shown === this.shown) return;
    this.shown = shown;
    const name = h("h3", { class: "layer-name", title: layer.path }, h("bdi", {}, layer.name));
    const kind = h("span", { class: "card-class" }, `${layer.className}${shapeText(layer.outputShape)}`);
    this.head.replaceChildren(severityIcon(summary?.severity ?? 0), name, kind, this.numbers);
    const { source } = layer;
    if (source !== null) {
      const file = source.file.split(/[\\/]/).at(-1) ?? source.file;
      const open = button(`${file}:${source.line}`, () => this.onSource(source), { class: "link" });
      open.title = t("openSource", source.file, source.line);
      this.head.append(open);
    }
    this.grid.set(layerCharts(layer, this.model.weights, this.model.probes));
  }
}

function shapeText(shape: readonly (number | null)[] | null): string {
  return shape === null ? "" : ` [${shape.map((size) => size ?? "·").join(", ")}]`;
}
