import type { LayerInfo } from "../../src/run/format.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import { Chooser } from "../shared/controls.js";
import { h } from "../shared/h.js";
import { isBatchNorm } from "../shared/isBatchNorm.js";
import { LayerCard } from "../shared/layerCard.js";
import { layerKey } from "../shared/layerKey.js";
import type { RunModel } from "../shared/runModel.js";
import { t } from "../shared/translate.js";
import { unwatch, watchVisibility } from "../shared/visibility.js";
import type { StateStore } from "./viewState.js";

type Kind = "all" | "batchNorm" | "trouble";

/** Cards are made in blocks, when a block comes near the screen, and given up when it is far away. */
const blockSize = 24;

/** Every layer as a small chart, in model order. */
export class OverviewSection {
  readonly element: HTMLElement;
  private readonly kind: Chooser<Kind>;
  private readonly blocks = h("div", { class: "blocks" });
  private readonly cards = new Map<number, LayerCard>();
  private shown = "";

  constructor(
    private readonly desk: ChartDesk,
    private readonly model: RunModel,
    private readonly state: StateStore,
    private readonly onOpen: (layer: LayerInfo) => void,
  ) {
    this.kind = new Chooser<Kind>(t("layerKinds"), (overviewKind) => {
      this.state.set({ overviewKind });
      this.show();
    });
    this.element = h(
      "div",
      { class: "overview" },
      h("div", { class: "controls" }, this.kind.element, layerKey()),
      this.blocks,
    );
    this.show();
  }

  show(): void {
    this.kind.set(
      [
        { value: "all", label: t("showAll") },
        { value: "batchNorm", label: t("showBatchNorm") },
        { value: "trouble", label: t("showTrouble") },
      ],
      this.state.current.overviewKind,
    );
    const layers = this.model.layers.filter((layer) => this.isShown(layer));
    const shown = JSON.stringify(layers.map(({ index, name, className }) => [index, name, className]));
    if (shown === this.shown) {
      for (const [index, card] of this.cards) card.update(this.model.summaries.get(index));
      return;
    }
    this.shown = shown;
    this.clear();
    for (let start = 0; start < layers.length; start += blockSize)
      this.addBlock(layers.slice(start, start + blockSize));
  }

  private isShown(layer: LayerInfo): boolean {
    const { overviewKind } = this.state.current;
    if (overviewKind === "batchNorm") return isBatchNorm(layer);
    return overviewKind === "all" || (this.model.summaries.get(layer.index)?.severity ?? 0) > 0;
  }

  private addBlock(layers: readonly LayerInfo[]): void {
    const block = h("div", { class: "cards block", role: "list" });
    this.blocks.append(block);
    watchVisibility(block, (visible) => {
      if (visible) this.fill(block, layers);
      else this.empty(block, layers);
    });
  }

  private fill(block: HTMLElement, layers: readonly LayerInfo[]): void {
    if (block.childElementCount > 0) return;
    block.style.minHeight = "";
    for (const layer of layers) {
      const card = new LayerCard(layer, this.desk, this.onOpen);
      this.cards.set(layer.index, card);
      card.update(this.model.summaries.get(layer.index));
      block.append(card.element);
    }
  }

  private empty(block: HTMLElement, layers: readonly LayerInfo[]): void {
    if (block.childElementCount === 0) return;
    const { height } = block.getBoundingClientRect();
    if (height > 0) block.style.minHeight = `${height}px`;
    for (const { index } of layers) {
      this.cards.get(index)?.dispose();
      this.cards.delete(index);
    }
  }

  private clear(): void {
    for (const card of this.cards.values()) card.dispose();
    this.cards.clear();
    for (const block of this.blocks.children) unwatch(block);
    this.blocks.replaceChildren();
  }
}
