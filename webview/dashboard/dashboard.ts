import type { CompareMessage, RevealMessage, RunHeader, ToView, ViewFinding } from "../../src/protocol/views.js";
import type { LayerInfo, SourcePosition } from "../../src/run/format.js";
import { ChartDesk } from "../charts/chartDesk.js";
import { h, on } from "../shared/h.js";
import { HostLink } from "../shared/hostLink.js";
import { RunModel } from "../shared/runModel.js";
import { isLiveState, stateName } from "../shared/runState.js";
import { t } from "../shared/translate.js";
import { Verdict } from "../shared/verdict.js";
import { carryOut } from "./carryOut.js";
import { ChannelSection } from "./channelSection.js";
import { ComparisonView } from "./comparisonView.js";
import { FindingsList } from "./findingsList.js";
import { HealthMap } from "./healthMap.js";
import { HistogramStrip } from "./histogramStrip.js";
import { LayerChoice } from "./layerChoice.js";
import { LayerPane } from "./layerPane.js";
import { LayerSection } from "./layerSection.js";
import { MetricsSection } from "./metricsSection.js";
import { OverviewSection } from "./overviewSection.js";
import { RunHeaderView } from "./runHeader.js";
import type { Section } from "./section.js";
import { SectionStack } from "./sectionStack.js";
import { Toolbar } from "./toolbar.js";
import { StateStore, type ViewState } from "./viewState.js";

/** The editor panel: everything about one run. */
export class Dashboard {
  private readonly model = new RunModel();
  private readonly link: HostLink;
  private readonly desk: ChartDesk;
  private readonly state: StateStore;
  private readonly choice: LayerChoice;
  private readonly header: RunHeaderView;
  private readonly toolbar: Toolbar;
  private readonly findings: FindingsList;
  private readonly verdict = new Verdict(this.model, (layer) => this.reveal({ type: "reveal", layer, step: null }));
  private readonly map: HealthMap;
  private readonly metrics: MetricsSection;
  private readonly histogram: HistogramStrip;
  private readonly layer: LayerSection;
  private readonly channels: ChannelSection;
  private readonly overview: OverviewSection;
  private readonly pane: LayerPane;
  private readonly sections: SectionStack;
  private readonly comparison: ComparisonView;
  private stateShown = "";
  /** What to bring back once the comparison that it belongs to is here again. */
  private waiting: ViewState | null = null;

  constructor(root: HTMLElement) {
    this.link = new HostLink((message) => this.take(message));
    this.state = new StateStore(this.link);
    this.desk = new ChartDesk((message) => this.link.post(message));
    this.choice = new LayerChoice(this.model, this.state);
    const { desk, model, state, link } = this;
    const openSource = (source: SourcePosition) => link.post({ type: "openSource", source });
    const select = (layer: LayerInfo) => {
      this.select(layer.index);
      // In a comparison other things come first: what was chosen would be out of sight.
      if (this.comparison.isOn) this.sections.reveal("comparedLayer");
    };
    const { logarithmic, smoothing, robust } = state.current;
    desk.viewport.setScale({ logarithmic, smoothing, robust });
    this.header = new RunHeaderView(
      (command) => link.post({ type: "command", command }),
      (folder) => link.post({ type: "openRun", folder }),
    );
    this.toolbar = new Toolbar(desk.viewport, () => model.header !== null && isLiveState(model.header.state));
    const findingCount = h("span", { class: "hint" });
    this.findings = new FindingsList(model, findingCount, (index, step) => this.selectAt(index, step), openSource);
    this.map = new HealthMap(
      desk,
      model,
      state,
      (message) => link.post(message),
      (index, step) => this.selectAt(index, step),
    );
    this.metrics = new MetricsSection(desk, model);
    this.histogram = new HistogramStrip(desk, model, (message) => link.post(message));
    this.layer = new LayerSection(desk, model, this.histogram, openSource);
    on(this.layer.element, "focusin", () => this.choice.keep());
    this.channels = new ChannelSection(desk, model, state, (message) => link.post(message));
    this.overview = new OverviewSection(desk, model, state, (layer) =>
      this.reveal({ type: "reveal", layer: layer.index, step: null }),
    );
    this.pane = new LayerPane(model, state, select);
    this.comparison = new ComparisonView(
      desk,
      model,
      state,
      (folders) => link.post({ type: "compare", folders }),
      (layer) => this.reveal({ type: "reveal", layer: layer.index, step: null }),
    );
    this.sections = new SectionStack(state);
    const add = (id: string, title: string, content: HTMLElement): Section => this.sections.add(id, title, content);
    add("findings", t("findings"), this.findings.element).aside.append(findingCount);
    add("map", t("healthMap"), this.map.element);
    add("metrics", t("metrics"), this.metrics.element);
    add("layer", t("layer"), this.layer.element);
    add("channels", t("channels"), this.channels.element);
    add("overview", t("overview"), this.overview.element);
    add("comparedDifferences", t("differences"), this.comparison.differences);
    add("comparedMetrics", t("metrics"), this.comparison.metrics);
    add("comparedLayers", t("differingLayers"), this.comparison.layers);
    add("comparedLayer", t("layer"), this.comparison.layer);
    this.sections.arrange();
    root.classList.add("dashboard");
    const help = h("p", { class: "visually-hidden" }, t("chartHelp"));
    const main = h("main", { class: "sections-scroller" }, help, this.sections.element);
    const top = h(
      "div",
      { class: "top" },
      this.header.element,
      this.verdict.element,
      this.comparison.bar,
      this.toolbar.element,
    );
    root.append(top, h("div", { class: "columns" }, this.pane.element, main), desk.announcer.element);
    this.listen();
    link.post({ type: "ready" });
  }

  private listen(): void {
    const { viewport } = this.desk;
    viewport.changes.listen((change) => {
      if (change === "extent" || change === "cursor") return;
      const { range, pinned: cursor, logarithmic, smoothing, robust } = viewport;
      this.state.set({ range, cursor, logarithmic, smoothing, robust });
      if (change === "pin") this.announceSelection();
    });
    this.desk.onTheme(() => {
      this.map.themeChanged();
      this.histogram.themeChanged();
      this.channels.themeChanged();
    });
  }

  private take(message: ToView): void {
    switch (message.type) {
      case "snapshot": {
        const isOther = this.model.takeSnapshot(message);
        this.startRun(isOther, message.selectedLayer);
        this.showHeader(message.header);
        return;
      }
      case "run":
        this.takeHeader(message.header);
        return;
      case "layers":
        this.model.layers = message.layers;
        this.model.weights = message.weights;
        this.choice.settle(null);
        this.showLayers();
        return;
      case "summaries":
        this.model.takeSummaries(message.summaries);
        this.extendToNewest();
        this.showSummaries();
        return;
      case "findings":
        this.announceErrors(message.findings);
        this.model.findings = message.findings;
        this.findings.show();
        return;
      case "series":
        this.desk.apply(message);
        return;
      case "channels":
        this.channels.take(message);
        return;
      case "healthMap":
        this.map.take(message);
        return;
      case "histograms":
        this.histogram.take(message);
        return;
      case "metrics":
        this.model.epochs = message.epochs;
        this.metrics.show();
        this.showEpochs();
        return;
      case "reveal":
        this.reveal(message);
        return;
      case "act":
        carryOut(message.action, this.desk, this.sections, () => this.pane.focusSearch());
        return;
      case "compare":
        this.compare(message);
        return;
      case "runs":
        this.header.showRuns(message.runs);
        return;
      default:
        message satisfies never;
    }
  }

  /** The first snapshot brings back range and cursor; a snapshot of another run starts afresh. */
  private startRun(isOther: boolean, wanted: number | null): void {
    const { state, model, desk } = this;
    desk.runName = model.runId ?? "";
    this.extendToNewest();
    if (isOther) {
      const remembered = state.current.runId === model.runId ? state.current : null;
      const selectedLayer = wanted ?? remembered?.selectedLayer ?? null;
      const { isLayerChosen = false, isLayerSettled = false } = remembered ?? {};
      state.set({ runId: model.runId, selectedLayer, isLayerChosen, isLayerSettled });
      desk.reset();
      if (remembered !== null && remembered.compared !== null) this.waiting = remembered;
      else if (remembered !== null) this.bringBack(remembered);
      else desk.viewport.goLive();
      this.map.reset();
      this.histogram.reset();
      this.channels.reset();
    }
    this.choice.settle(wanted);
    this.showLayers();
    this.metrics.show();
    this.findings.show();
  }

  private takeHeader(header: RunHeader): void {
    const isReadNow = this.model.header?.isReading === true && !header.isReading;
    this.model.header = header;
    this.showHeader(header);
    this.findings.show();
    if (isReadNow) this.map.changed();
  }

  private showHeader(header: RunHeader): void {
    this.header.show(header);
    this.extendToNewest();
    this.toolbar.show();
    if (header.state !== this.stateShown) this.desk.announcer.say(`${stateName(header.state)}. ${header.sentence}`);
    this.stateShown = header.state;
    document.body.classList.toggle("no-run", header.run === null);
  }

  private showLayers(): void {
    document.body.classList.toggle("no-layers", this.model.layers.length === 0);
    this.pane.refill();
    this.pane.showSelected();
    this.map.changed();
    this.showSummaries();
  }

  private showSummaries(): void {
    if (this.choice.update()) {
      this.pane.showSelected();
      this.comparison.show();
    }
    this.pane.changed();
    this.overview.show();
    this.layer.show(this.state.current.selectedLayer);
    this.channels.show(this.state.current.selectedLayer);
    this.verdict.show();
  }

  private compare(message: CompareMessage): void {
    const { waiting } = this;
    this.waiting = null;
    if (!this.comparison.take(message)) return;
    const { isOn } = this.comparison;
    const compared = isOn ? message.runs.map(({ folder }) => folder).join("\n") : null;
    if (waiting !== null && waiting.compared === compared) this.bringBack(waiting);
    this.state.set({ compared });
    this.showEpochs();
    this.extendToNewest();
    this.toolbar.show();
    this.desk.announcer.say(isOn ? t("comparing", message.runs.length) : t("comparisonLeft"));
  }

  /** Range and cursor of before a reload. */
  private bringBack({ range, cursor }: Pick<ViewState, "range" | "cursor">): void {
    const { viewport } = this.desk;
    viewport.goLive();
    if (range !== null) viewport.zoomTo(range);
    if (cursor !== null) viewport.pin(cursor);
  }

  private showEpochs(): void {
    this.desk.setEpochs(this.comparison.isOn ? [] : this.model.epochs);
  }

  /** In a comparison the axis belongs to all of its runs. */
  private extendToNewest(): void {
    if (!this.comparison.isOn) this.desk.viewport.extend(this.model.newestStep);
  }

  private select(index: number): void {
    this.choice.choose(index);
    this.pane.showSelected();
    this.layer.show(index);
    this.channels.show(index);
    this.comparison.show();
    this.desk.redraw();
    this.map.themeChanged();
    this.announceSelection();
  }

  private selectAt(index: number, step: number): void {
    this.select(index);
    this.desk.viewport.pin(step);
  }

  private reveal({ layer, step }: RevealMessage): void {
    this.select(layer);
    if (step !== null) this.desk.viewport.pin(step);
    this.sections.reveal(this.comparison.isOn ? "comparedLayer" : "layer");
  }

  private announceSelection(): void {
    const step = this.comparison.isOn ? null : this.desk.viewport.pinned;
    const { selectedLayer, isLayerChosen } = this.state.current;
    this.link.post({ type: "select", layer: isLayerChosen ? selectedLayer : null, step });
  }

  private announceErrors(findings: readonly ViewFinding[]): void {
    const errors = findings.filter(({ level }) => level === "error");
    const known = this.model.findings.filter(({ level }) => level === "error").length;
    if (errors.length > known) this.desk.announcer.say(errors.at(-1)?.message ?? "");
  }
}
