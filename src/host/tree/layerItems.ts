import * as vscode from "vscode";
import type { LayerSummary } from "../../protocol/views.js";
import type { LayerInfo } from "../../run/format.js";
import { driftText, meanAndDeviation, shortNumber } from "../numbers.js";
import { type LeafNode, layersBelow, type ModelNode, type WeightNode } from "./layerNodes.js";

type Summaries = ReadonlyMap<number, LayerSummary>;

export function modelItem(node: ModelNode, summaries: Summaries | undefined): vscode.TreeItem {
  const item = new vscode.TreeItem(node.name, vscode.TreeItemCollapsibleState.Expanded);
  const severities = layersBelow(node).map(({ index }) => summaries?.get(index)?.severity ?? 0);
  item.id = node.id;
  item.iconPath = severityIcon(Math.max(0, ...severities), "symbol-class");
  item.contextValue = "model";
  return item;
}

export function weightItem({ id, weight }: WeightNode): vscode.TreeItem {
  const item = new vscode.TreeItem(weight.name, vscode.TreeItemCollapsibleState.None);
  item.id = id;
  item.description = `[${weight.shape.join(", ")}]${weight.trainable ? "" : ` ${vscode.l10n.t("frozen")}`}`;
  item.iconPath = new vscode.ThemeIcon("symbol-array");
  item.contextValue = "weight";
  return item;
}

export function layerItem(node: LeafNode, summary: LayerSummary | undefined): vscode.TreeItem {
  const { layer, children } = node;
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(layer.name, children.length > 0 ? Collapsed : None);
  const numbers = summary === undefined ? undefined : meanAndDeviation(summary.last);
  item.id = node.id;
  item.description = numbers ?? layer.className;
  item.iconPath = severityIcon(
    summary?.severity ?? 0,
    layer.className === "BatchNormalization" ? "pulse" : "symbol-method",
  );
  item.contextValue = layer.source === null ? "layer" : "layer.source";
  item.tooltip = tooltip(layer, summary);
  item.accessibilityInformation = { label: `${layer.name}, ${layer.className}, ${item.description}` };
  if (layer.source !== null) {
    const title = vscode.l10n.t("Go to Source Line");
    item.command = { command: "layerscope.openLayerSource", title, arguments: [node] };
  }
  return item;
}

function severityIcon(severity: number, healthy: string): vscode.ThemeIcon {
  switch (severity) {
    case 3:
      return new vscode.ThemeIcon("error", new vscode.ThemeColor("list.errorForeground"));
    case 2:
      return new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
    case 1:
      return new vscode.ThemeIcon("info", new vscode.ThemeColor("notificationsInfoIcon.foreground"));
    default:
      return new vscode.ThemeIcon(healthy);
  }
}

function tooltip(layer: LayerInfo, summary: LayerSummary | undefined): string {
  const lines = [`${layer.path} (${layer.className})`];
  if (layer.outputShape !== null) lines.push(`[${layer.outputShape.map((size) => size ?? "?").join(", ")}]`);
  if (summary !== undefined) {
    const { last } = summary;
    lines.push(
      vscode.l10n.t("mean ± std {0}", meanAndDeviation(last) ?? "–"),
      vscode.l10n.t("min {0}, max {1}", shortNumber(last.min), shortNumber(last.max)),
      ...driftText(last, { drift: vscode.l10n.t("drift"), gap: vscode.l10n.t("gap") }),
    );
  }
  if (layer.source !== null) lines.push(`${layer.source.file}:${layer.source.line}`);
  return lines.join("\n");
}
