import type { ComparedRun, CompareMessage, LayerDistance, ViewAxis } from "../../src/protocol/views.js";
import type { LayerInfo } from "../../src/run/format.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import {
  comparedLayerChart,
  comparedMetricCharts,
  comparedStatistics,
  comparedStepCharts,
} from "../charts/compareCharts.js";
import { Checkbox, Chooser } from "../shared/controls.js";
import { h, setText } from "../shared/h.js";
import type { RunModel } from "../shared/runModel.js";
import { t } from "../shared/translate.js";
import { ChartGrid } from "./chartGrid.js";
import { ComparedLayers } from "./comparedLayers.js";
import { ComparedRunList } from "./comparedRunList.js";
import { differencesTable } from "./differencesTable.js";
import type { StateStore } from "./viewState.js";

const axisNames = { step: "alignStep", epoch: "alignEpoch", time: "alignTime" } as const;

/** Several runs over each other: which ones, how aligned, as values or as differences to the first. */
export class ComparisonView {
  /** Runs and alignment, below the run's header. */
  readonly bar: HTMLElement;
  readonly metrics: HTMLElement;
  readonly layers: HTMLElement;
  readonly layer: HTMLElement;
  readonly differences = h("div", { class: "differences", tabindex: "0", role: "region" });
  private readonly list: ComparedRunList;
  private readonly axis: Chooser<ViewAxis>;
  private readonly statistic: Chooser<string>;
  private readonly stepGrid: ChartGrid;
  private readonly layerGrid: ChartGrid;
  private readonly layerName = h("h3", { class: "compared-layer-name" });
  private readonly missing = h("span", { class: "hint" });
  private readonly differing: ComparedLayers;
  private runs: readonly ComparedRun[] = [];
  private distances: readonly LayerDistance[] = [];
  private differencesShown = "";

  constructor(
    private readonly desk: ChartDesk,
    private readonly model: RunModel,
    private readonly state: StateStore,
    compare: (folders: readonly string[]) => void,
    openLayer: (layer: LayerInfo) => void,
  ) {
    this.differing = new ComparedLayers(desk, model, openLayer);
    this.layers = this.differing.element;
    this.stepGrid = new ChartGrid(desk);
    this.layerGrid = new ChartGrid(desk);
    this.list = new ComparedRunList(compare);
    this.axis = new Chooser<ViewAxis>(t("align"), (comparedAxis) => {
      this.state.set({ comparedAxis });
      this.place();
    });
    this.statistic = new Chooser(t("comparedStatistic"), (comparedStatistic) => {
      this.state.set({ comparedStatistic });
      this.show();
    });
    const minus = new Checkbox(t("showDifference"), (isDifference) => {
      this.state.set({ isDifference });
      this.show();
    });
    minus.set(state.current.isDifference);
    const controls = h("div", { class: "controls" }, this.axis.element, minus.element);
    this.bar = h("div", { class: "compare-bar", hidden: true, role: "group", "aria-label": t("comparison") });
    this.bar.append(this.list.element, controls);
    this.metrics = this.stepGrid.element;
    const head = h("div", { class: "layer-head" }, this.layerName, this.statistic.element, this.missing);
    this.layer = h("div", { class: "compared-layer" }, head, this.layerGrid.element);
    this.differences.setAttribute("aria-label", t("differences"));
  }

  get isOn(): boolean {
    return this.runs.length > 1;
  }

  /** True where a comparison began, ended, or is another one. */
  take({ runs, differences, distances }: CompareMessage): boolean {
    const name = (of: readonly ComparedRun[]) => of.map(({ folder }) => folder).join("\n");
    const isOther = name(runs) !== name(this.runs);
    this.runs = runs;
    this.distances = distances;
    this.bar.hidden = !this.isOn;
    document.body.classList.toggle("comparing", this.isOn);
    this.list.show(runs);
    const shown = JSON.stringify([differences, runs.map((run) => run.name)]);
    if (shown !== this.differencesShown) this.differences.replaceChildren(differencesTable(runs, differences));
    this.differencesShown = shown;
    if (isOther) this.place();
    else this.show();
    return isOther;
  }

  /** The selected layer, or anything of the comparison, may be another one. */
  show(): void {
    if (!this.isOn) {
      this.stepGrid.set([]);
      this.layerGrid.set([]);
      this.differing.show([], null, "");
      return;
    }
    const axis = this.currentAxis;
    const overlay = { runs: this.runs, axis, isDifference: this.state.current.isDifference };
    const choices = (["step", "epoch", "time"] as const).filter((each) => this.canAlign(each));
    this.axis.set(
      choices.map((value) => ({ value, label: t(axisNames[value]) })),
      axis,
    );
    this.desk.viewport.extend(Math.max(0, ...this.runs.map(({ end }) => end[axis] ?? 0)));
    this.stepGrid.set([...comparedStepCharts(overlay), ...comparedMetricCharts(overlay)]);
    this.differing.show(this.distances, overlay, this.state.current.comparedStatistic);
    const layer = this.model.layer(this.state.current.selectedLayer);
    setText(this.layerName, layer?.name ?? t("chooseLayer"));
    if (layer === undefined) {
      this.layerGrid.set([]);
      return;
    }
    const statistics = comparedStatistics(layer);
    const chosen = statistics.find(({ name }) => name === this.state.current.comparedStatistic) ?? statistics[0];
    this.statistic.set(
      statistics.map(({ name, title }) => ({ value: name, label: t(title) })),
      chosen?.name ?? "",
    );
    const lacking = this.runs.filter(({ missingLayers }) => missingLayers.includes(layer.index));
    setText(this.missing, lacking.length === 0 ? "" : t("notInRuns", lacking.map(({ name }) => name).join(", ")));
    const ordered = statistics.filter((statistic) => statistic !== chosen);
    this.layerGrid.set(
      [...(chosen === undefined ? [] : [chosen]), ...ordered].map((each) => comparedLayerChart(layer, each, overlay)),
    );
  }

  /** Another axis, or other runs: nothing of what was drawn before may stay. */
  private place(): void {
    this.stepGrid.set([]);
    this.layerGrid.set([]);
    this.differing.show([], null, "");
    this.desk.setAxis(this.isOn ? this.currentAxis : "step");
    this.show();
  }

  private get currentAxis(): ViewAxis {
    const { comparedAxis } = this.state.current;
    return this.canAlign(comparedAxis) ? comparedAxis : "step";
  }

  private canAlign(axis: ViewAxis): boolean {
    return this.runs.every(({ end }) => end[axis] !== null);
  }
}
