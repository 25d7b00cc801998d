import type { LayerDistance } from "../../src/protocol/views.js";
import type { LayerInfo } from "../../src/run/format.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { differingLayerChart, type Overlay } from "../charts/compareCharts.js";
import { formatNumber } from "../shared/format.js";
import { button, h } from "../shared/h.js";
import { layerName } from "../shared/layerName.js";
import type { RunModel } from "../shared/runModel.js";
import { t } from "../shared/translate.js";
import { ChartGrid } from "./chartGrid.js";

const mostLayers = 6;

/** Small multiples: the layers whose output differs most between the runs, the farthest first. */
export class ComparedLayers {
  readonly element: HTMLElement;
  private readonly names = h("ol", { class: "differing" });
  private readonly hint = h("p", { class: "hint" });
  private readonly grid: ChartGrid;
  private shown = "";

  constructor(
    desk: ChartDesk,
    private readonly model: RunModel,
    private readonly onOpen: (layer: LayerInfo) => void,
  ) {
    this.grid = new ChartGrid(desk);
    this.grid.element.classList.add("differing-charts");
    this.element = h("div", { class: "compared-layers" }, this.hint, this.names, this.grid.element);
  }

  /** @param statistic the one that the user looks at, where a layer has it */
  show(distances: readonly LayerDistance[], overlay: Overlay | null, statistic: string): void {
    const farthest = distances.slice(0, mostLayers).flatMap(({ layer, sigma }) => {
      const info = this.model.layer(layer);
      return info === undefined ? [] : [{ info, sigma }];
    });
    this.grid.set(overlay === null ? [] : farthest.map(({ info }) => differingLayerChart(info, statistic, overlay)));
    const lines = farthest.map(({ info, sigma }) => ({ info, text: formatNumber(Number(sigma.toPrecision(3))) }));
    const shown = JSON.stringify(lines.map(({ info, text }) => [info.index, info.name, text]));
    if (shown === this.shown) return;
    this.shown = shown;
    this.hint.textContent = lines.length === 0 ? t("noDistances") : t("distances", lines.length, distances.length);
    this.names.replaceChildren(
      ...lines.map(({ info, text }) => {
        const open = button("", () => this.onOpen(info), { class: "link" });
        open.append(layerName(info.name, info.path));
        return h("li", {}, open, h("span", { class: "hint" }, text));
      }),
    );
  }
}
