import { h, on, setText } from "./h.js";
import { layerName } from "./layerName.js";
import { driftSentence } from "./layerNames.js";
import type { RunModel } from "./runModel.js";
import { t } from "./translate.js";
import { worstDrift } from "./worstDrift.js";

/** The answer to the first question: which layer drifts most, and by how much. */
export class Verdict {
  readonly element = h("p", { class: "verdict", hidden: true });
  private readonly layer = h("button", { type: "button", class: "link" });
  private readonly sentence = h("span", { class: "verdict-sentence" });
  private shown = "";
  private index = -1;

  constructor(
    private readonly model: RunModel,
    onOpen: (layer: number) => void,
  ) {
    this.element.append(h("span", { class: "verdict-lead" }, t("driftsMost")), this.layer, this.sentence);
    on(this.layer, "click", () => onOpen(this.index));
  }

  show(): void {
    const worst = worstDrift(this.model.summaries.values());
    const layer = this.model.layer(worst?.layer ?? null);
    this.element.hidden = worst === null || layer === undefined;
    if (worst === null || layer === undefined) return;
    this.index = layer.index;
    setText(this.sentence, driftSentence(worst));
    if (layer.name === this.shown) return;
    this.shown = layer.name;
    this.layer.replaceChildren(layerName(layer.name, layer.path));
  }
}
