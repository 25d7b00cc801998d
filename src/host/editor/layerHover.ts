import * as vscode from "vscode";
import type { LayerSummary } from "../../protocol/views.js";
import type { LayerInfo } from "../../run/format.js";
import { widthFor } from "../../run/runHistory.js";
import type { StatisticName } from "../../stats/catalogue.js";
import { meanAndDeviation, shortNumber } from "../numbers.js";
import type { Sessions } from "../session/sessions.js";
import type { SessionView } from "../session/sessionView.js";
import { type ChartColors, hoverChart } from "./hoverChart.js";
import type { LayerSources } from "./layerSources.js";
import { markdownText } from "./markdownText.js";

const mostLayers = 4;
const chartPoints = 120;

/** Numbers and a small chart of the layers that the line under the pointer made. */
export class LayerHover implements vscode.HoverProvider {
  constructor(
    private readonly sessions: Sessions,
    private readonly sources: LayerSources,
  ) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const session = this.sessions.current;
    const line = this.sources.linesOf(document).find((candidate) => candidate.line === position.line);
    if (session === null || line === undefined) return undefined;
    // Where nobody watches, its rows are read once a minute.
    session.refresh();
    const text = new vscode.MarkdownString("", true);
    text.isTrusted = { enabledCommands: ["layerscope.openDashboard"] };
    for (const layer of line.layers.slice(0, mostLayers)) appendLayer(text, layer, session);
    if (line.layers.length > mostLayers) {
      text.appendMarkdown(`\n\n${vscode.l10n.t("… and {0} more layers", line.layers.length - mostLayers)}`);
    }
    if (this.sources.isStale(document)) {
      text.appendMarkdown(`\n\n${vscode.l10n.t("The file has changed since this run started.")}`);
    }
    return new vscode.Hover(text, document.lineAt(position.line).range);
  }
}

function appendLayer(text: vscode.MarkdownString, layer: LayerInfo, session: SessionView): void {
  const summary = session.summaries.get(layer.index);
  text.appendMarkdown(`**${markdownText(layer.path)}** — ${markdownText(layer.className)}`);
  if (summary === undefined) {
    text.appendMarkdown(`\n\n${vscode.l10n.t("Not captured yet.")}\n\n`);
    return;
  }
  const chart = chartOf(layer, session);
  if (chart !== undefined) {
    const label = vscode.l10n.t("mean ± standard deviation over the steps");
    text.appendMarkdown(`\n\n![${label}](${chart})\n\n`);
  }
  const rows = numberRows(summary);
  text.appendMarkdown(`\n\n| | ${vscode.l10n.t("step {0}", summary.step)} |\n|---|---|\n`);
  for (const [label, value] of rows) text.appendMarkdown(`| ${label} | ${value} |\n`);
  for (const { level, message, layer: index } of session.findings) {
    if (index !== layer.index) continue;
    text.appendMarkdown(`\n\n$(${level}) ${markdownText(message)}`);
  }
  const target = encodeURIComponent(JSON.stringify({ layer: layer.index }));
  text.appendMarkdown(
    `\n\n[$(graph-line) ${vscode.l10n.t("Show in Dashboard")}](command:layerscope.openDashboard?${target})\n\n`,
  );
}

function numberRows({ last }: LayerSummary): [string, string][] {
  const rows: [string, string][] = [[vscode.l10n.t("mean ± std"), meanAndDeviation(last) ?? "–"]];
  const add = (label: string, name: StatisticName, unit = ""): void => {
    const value = last[name];
    if (value !== undefined) rows.push([label, `${shortNumber(value)}${unit}`]);
  };
  if (last.min !== undefined)
    rows.push([vscode.l10n.t("min … max"), `${shortNumber(last.min)} … ${shortNumber(last.max)}`]);
  add(vscode.l10n.t("drift from reference"), "referenceDrift", "σ");
  add(vscode.l10n.t("batch mean against running mean"), "meanShift", "σ");
  add(vscode.l10n.t("log variance ratio"), "logVarianceRatio");
  add(vscode.l10n.t("share of zeros"), "zeroFraction");
  add(vscode.l10n.t("update ratio of the kernel"), "updateRatio");
  if ((last.nanCount ?? 0) > 0) add("NaN", "nanCount");
  if ((last.infCount ?? 0) > 0) add("Inf", "infCount");
  return rows;
}

function chartOf(layer: LayerInfo, session: SessionView): string | undefined {
  const extent = session.extent();
  if (extent.to < extent.from) return undefined;
  const width = widthFor(extent, chartPoints);
  const series = (statistic: StatisticName) => session.series({ layer: layer.index, statistic }, extent, width);
  return hoverChart(series("mean"), series("variance"), chartColors());
}

/** Markdown images cannot use theme variables; these keep their contrast on each kind of theme. */
function chartColors(): ChartColors {
  switch (vscode.window.activeColorTheme.kind) {
    case vscode.ColorThemeKind.Light:
      return { line: "#0063b1", band: "#0063b1", text: "#3b3b3b", trouble: "#b01011" };
    case vscode.ColorThemeKind.HighContrastLight:
      return { line: "#0f4a85", band: "#0f4a85", text: "#000000", trouble: "#b5200d" };
    case vscode.ColorThemeKind.HighContrast:
      return { line: "#ffffff", band: "#6fc3df", text: "#ffffff", trouble: "#f48771" };
    default:
      return { line: "#4daafc", band: "#4daafc", text: "#cccccc", trouble: "#f48771" };
  }
}
