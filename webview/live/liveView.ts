import type { RunHeader, ToView } from "../../src/protocol/views.js";
import type { LayerInfo } from "../../src/run/format.js";
import { ChartDesk } from "../charts/chartDesk.js";
import { lossChart } from "../charts/runCharts.js";
import { formatNumber, formatPercent, formatStep } from "../shared/format.js";
import { button, h, setText } from "../shared/h.js";
import { HostLink } from "../shared/hostLink.js";
import { LayerCard } from "../shared/layerCard.js";
import { layerKey } from "../shared/layerKey.js";
import { RunModel } from "../shared/runModel.js";
import { isLiveState, stateName } from "../shared/runState.js";
import { t } from "../shared/translate.js";
import { Verdict } from "../shared/verdict.js";

const cardLimit = 10;
/** Cards change places no oftener than this, and never under the pointer. */
const orderIntervalMs = 3000;

/** The side view: state, loss, and the layers that need attention first. */
export class LiveView {
  private readonly model = new RunModel();
  private readonly link: HostLink;
  private readonly desk: ChartDesk;
  private readonly state = h("span", { class: "state" });
  private readonly sentence = h("p", { class: "sentence" }, t("loading"));
  private readonly action = h("div", { class: "actions" });
  private readonly facts = h("div", { class: "facts" });
  private readonly verdict = new Verdict(this.model, (layer) => this.link.post({ type: "openDashboard", layer }));
  private readonly loss = h("section", { class: "loss", hidden: true, "aria-label": t("loss") });
  private readonly lossValue = h("span", { class: "loss-value" });
  private readonly list = h("div", { class: "cards", role: "list" });
  private readonly listHead = h("h2", { class: "list-head", hidden: true });
  private readonly key = h("div", { class: "key", hidden: true });
  private readonly cards = new Map<number, LayerCard>();
  private lastOrderMs = Number.NEGATIVE_INFINITY;
  private actionShown = "";
  private stateShown = "";

  constructor(root: HTMLElement) {
    this.link = new HostLink((message) => this.take(message));
    this.desk = new ChartDesk((message) => this.link.post(message));
    root.classList.add("live");
    const lossHead = h("div", { class: "card-head" }, h("span", { class: "card-name" }, t("loss")), this.lossValue);
    this.loss.append(lossHead, this.desk.add(lossChart(), { compact: true }).element);
    this.key.append(layerKey());
    const head = h("header", { class: "head" }, this.state, this.facts, this.sentence, this.action);
    const main = h("main", {}, head, this.verdict.element, this.loss, this.listHead, this.key, this.list);
    root.append(main, this.desk.announcer.element);
    this.link.post({ type: "ready" });
  }

  private take(message: ToView): void {
    switch (message.type) {
      case "snapshot":
        if (this.model.takeSnapshot(message)) this.startAfresh();
        this.showHeader(message.header);
        this.order();
        return;
      case "run":
        this.model.header = message.header;
        this.showHeader(message.header);
        return;
      case "layers":
        this.model.layers = message.layers;
        this.model.weights = message.weights;
        this.order();
        return;
      case "summaries":
        this.model.takeSummaries(message.summaries);
        this.showSummaries();
        return;
      case "series":
        this.desk.apply(message);
        return;
      case "metrics":
        this.desk.setEpochs(message.epochs);
        return;
      case "findings":
        this.model.findings = message.findings;
        return;
      case "channels":
      case "healthMap":
      case "histograms":
      case "runs":
      case "compare":
      case "reveal":
      case "act":
        return;
      default:
        message satisfies never;
    }
  }

  private startAfresh(): void {
    for (const card of this.cards.values()) card.dispose();
    this.cards.clear();
    this.lastOrderMs = Number.NEGATIVE_INFINITY;
    this.desk.runName = this.model.runId ?? "";
    this.desk.viewport.extend(this.model.newestStep);
    this.desk.reset();
  }

  private showHeader(header: RunHeader): void {
    const { run, state } = header;
    this.state.className = `state state-${state}`;
    setText(this.state, stateName(state));
    setText(this.sentence, header.sentence);
    const facts: string[] = [];
    if (run !== null) {
      facts.push(`${t("step")} ${formatStep(run.steps)}`);
      if (run.epoch !== null) facts.push(`${t("epoch")} ${epochText(run.epoch)}`);
      if (header.stepsPerSecond !== null && isLiveState(state)) {
        facts.push(t("stepsPerSecond", formatNumber(Number(header.stepsPerSecond.toPrecision(3)))));
      }
      if (run.engine !== null) facts.push(run.engine.name);
      if (run.overhead.percent !== null) facts.push(`${t("overhead")} ${formatPercent(run.overhead.percent / 100)}`);
    }
    this.facts.replaceChildren(...facts.map((fact) => h("span", {}, fact)));
    this.facts.title = run?.engine?.reason ?? "";
    this.showAction(header);
    this.loss.hidden = run === null || this.model.newestStep === 0;
    setText(this.lossValue, formatNumber(header.loss));
    this.loss.classList.toggle("nonfinite", header.loss !== null && !Number.isFinite(header.loss));
    if (state !== this.stateShown) this.desk.announcer.say(`${stateName(state)}. ${header.sentence}`);
    this.stateShown = state;
    this.desk.viewport.extend(this.model.newestStep);
  }

  private showAction({ action, run }: RunHeader): void {
    const shown = JSON.stringify([action, run === null]);
    if (shown === this.actionShown) return;
    this.actionShown = shown;
    this.action.replaceChildren();
    if (action !== null) {
      const { label, command } = action;
      this.action.append(
        button(label, () => this.link.post({ type: "command", command }), { class: "button primary" }),
      );
    }
    if (run === null) return;
    this.action.append(
      button(t("openDashboard"), () => this.link.post({ type: "openDashboard", layer: null }), {
        class: action === null ? "button primary" : "button",
      }),
    );
  }

  private showSummaries(): void {
    const nowMs = performance.now();
    const busy = this.list.matches(":hover") || this.list.contains(document.activeElement);
    if (this.cards.size === 0 || (!busy && nowMs - this.lastOrderMs > orderIntervalMs)) this.order();
    else for (const [index, card] of this.cards) card.update(this.model.summaries.get(index));
    this.verdict.show();
  }

  private order(): void {
    this.lastOrderMs = performance.now();
    const { layers } = this.model;
    const worst = this.model.byAttention.slice(0, cardLimit);
    const keep = new Set(worst.map((layer) => layer.index));
    for (const [index, card] of this.cards) {
      if (keep.has(index) && isSame(card.layer, layers[index])) continue;
      card.dispose();
      this.cards.delete(index);
    }
    worst.forEach((layer, place) => {
      const card = this.card(layer);
      card.update(this.model.summaries.get(layer.index));
      if (this.list.children[place] !== card.element)
        this.list.insertBefore(card.element, this.list.children[place] ?? null);
    });
    const run = this.model.header?.run ?? null;
    this.listHead.hidden = run === null;
    this.key.hidden = layers.length === 0;
    if (layers.length === 0) setText(this.listHead, t("noLayers"));
    else if (layers.length > cardLimit) setText(this.listHead, t("worstOf", cardLimit, layers.length));
    else setText(this.listHead, t("allLayers", layers.length));
    this.verdict.show();
  }

  private card(layer: LayerInfo): LayerCard {
    const known = this.cards.get(layer.index);
    if (known !== undefined) return known;
    const card = new LayerCard(layer, this.desk, ({ index }) =>
      this.link.post({ type: "openDashboard", layer: index }),
    );
    this.cards.set(layer.index, card);
    return card;
  }
}

function epochText({ current, total }: { current: number; total: number | null }): string {
  return total === null ? String(current) : t("epochOf", current, total);
}

/** Layers are sent again whole when one of them changes. */
function isSame(a: LayerInfo, b: LayerInfo | undefined): boolean {
  return a.name === b?.name && a.className === b.className;
}
