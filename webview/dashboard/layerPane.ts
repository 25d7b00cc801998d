import type { LayerInfo } from "../../src/run/format.js";
import { Chooser } from "../shared/controls.js";
import { h, on, setText } from "../shared/h.js";
import { classBeside, layerName } from "../shared/layerName.js";
import { layerNumbers, severityIcon, severityName } from "../shared/layerNames.js";
import type { RunModel } from "../shared/runModel.js";
import { t } from "../shared/translate.js";
import { VirtualList } from "../shared/virtualList.js";
import type { StateStore } from "./viewState.js";

const orderIntervalMs = 3000;

/** All layers, searchable, with trouble and numbers; holds for five thousand as for five. */
export class LayerPane {
  readonly element: HTMLElement;
  private readonly search = h("input", {
    type: "search",
    class: "search",
    placeholder: t("searchLayers"),
    "aria-label": t("searchLayers"),
  });
  private readonly count = h("div", { class: "hint" });
  private readonly order: Chooser<"worst" | "model">;
  private readonly list: VirtualList<LayerInfo>;
  private shown: LayerInfo[] = [];
  private lastPlace = -1;
  private lastOrderMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly model: RunModel,
    private readonly state: StateStore,
    onSelect: (layer: LayerInfo) => void,
  ) {
    this.list = new VirtualList<LayerInfo>({
      label: t("layers"),
      rowHeightPx: 36,
      render: (row, layer) => this.render(row, layer),
      onSelect,
    });
    this.order = new Chooser(t("layerOrder"), (layerOrder) => {
      this.state.set({ layerOrder });
      this.refill();
    });
    on(this.search, "input", () => this.refill());
    const head = h("div", { class: "controls" }, this.search, this.order.element);
    this.element = h("aside", { class: "layer-pane", "aria-label": t("layers") }, head, this.count, this.list.element);
    this.refill();
  }

  /** New numbers: rows on screen are drawn again; order changes now and then, not under the pointer. */
  changed(): void {
    const nowMs = performance.now();
    const busy = this.list.element.matches(":hover") || this.list.element.contains(document.activeElement);
    if (this.state.current.layerOrder === "worst" && !busy && nowMs - this.lastOrderMs > orderIntervalMs) this.refill();
    else this.list.refresh();
  }

  refill(): void {
    this.lastOrderMs = performance.now();
    const { layerOrder } = this.state.current;
    this.order.set(
      [
        { value: "worst", label: t("orderWorst") },
        { value: "model", label: t("orderModel") },
      ],
      layerOrder,
    );
    const sought = this.search.value.trim().toLowerCase();
    const layers = layerOrder === "worst" ? this.model.byAttention : [...this.model.layers];
    this.shown = sought === "" ? layers : layers.filter((layer) => matches(layer, sought));
    const none = this.shown.length === 0 && sought !== "";
    setText(
      this.count,
      none ? t("noMatch", this.search.value.trim()) : t("layerCount", this.shown.length, layers.length),
    );
    const place = this.selectedPlace;
    this.list.set(this.shown, place);
    // A layer that the view chose by itself is followed to where the new order has it.
    if (place !== this.lastPlace && !this.state.current.isLayerChosen) this.list.select(place);
    this.lastPlace = place;
  }

  showSelected(): void {
    this.list.select(this.selectedPlace);
    this.lastPlace = this.selectedPlace;
  }

  focusSearch(): void {
    this.search.focus();
  }

  private get selectedPlace(): number {
    return this.shown.findIndex((layer) => layer.index === this.state.current.selectedLayer);
  }

  private render(row: HTMLElement, layer: LayerInfo): void {
    const summary = this.model.summaries.get(layer.index);
    const severity = summary?.severity ?? 0;
    const numbers = layerNumbers(summary).join(" · ");
    const stamp = `${layer.index} ${layer.name} ${severity} ${numbers}`;
    if (row.dataset.stamp === stamp) return;
    row.dataset.stamp = stamp;
    row.title = layer.path;
    row.replaceChildren(
      severityIcon(severity),
      h("span", { class: "visually-hidden" }, severityName(severity)),
      h(
        "span",
        { class: "row-text" },
        h(
          "span",
          { class: "row-name" },
          layerName(layer.name, layer.path),
          h("span", { class: "row-class" }, classBeside(layer.name, layer.className)),
        ),
        h("span", { class: "row-numbers" }, numbers),
      ),
    );
  }
}

function matches({ name, className, path }: LayerInfo, sought: string): boolean {
  return [name, className, path].some((text) => text.toLowerCase().includes(sought));
}
