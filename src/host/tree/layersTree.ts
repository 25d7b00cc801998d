import * as vscode from "vscode";
import type { LayerSummary } from "../../protocol/views.js";
import type { LayerInfo } from "../../run/format.js";
import { Disposable, type Release } from "../disposable.js";
import { driftText, meanAndDeviation, shortNumber } from "../numbers.js";
import type { Sessions } from "../session/sessions.js";
import type { SessionView } from "../session/sessionView.js";
import { type LayerNode, type LayerOrder, layerNodes, layersBelow } from "./layerNodes.js";
import { layersTable } from "./layersTable.js";

const viewId = "layerscope.layers";
const refreshMs = 500;

/** The tree of the current run's layers. Reads nothing while it is hidden. */
export class LayersTree extends Disposable implements vscode.TreeDataProvider<LayerNode> {
  private readonly changed = this._register(new vscode.EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<LayerNode>;
  private watching: Release | undefined;
  private timer: NodeJS.Timeout | undefined;
  private filter = "";
  private order: LayerOrder = "model";

  constructor(private readonly sessions: Sessions) {
    super();
    this.view = this._register(
      vscode.window.createTreeView(viewId, { treeDataProvider: this, showCollapseAll: true, canSelectMany: true }),
    );
    this._register(this.view.onDidChangeVisibility(() => this.follow()));
    this._register(sessions.onDidChangeCurrent(() => this.follow()));
    this._register(sessions.onDidChange(() => this.refreshSoon()));
    this._register({ dispose: () => this.watching?.dispose() });
    this._register({ dispose: () => clearTimeout(this.timer) });
    this.follow();
  }

  getChildren(node?: LayerNode): LayerNode[] {
    if (node !== undefined) return node.kind === "weight" ? [] : [...node.children];
    const session = this.sessions.current;
    return session === null ? [] : layerNodes({ ...pick(session), filter: this.filter, order: this.order });
  }

  getTreeItem(node: LayerNode): vscode.TreeItem {
    switch (node.kind) {
      case "model":
        return modelItem(node.name, node.id, node.severity);
      case "weight": {
        const item = new vscode.TreeItem(node.weight.name, vscode.TreeItemCollapsibleState.None);
        item.id = node.id;
        item.description = `[${node.weight.shape.join(", ")}]${node.weight.trainable ? "" : ` ${vscode.l10n.t("frozen")}`}`;
        item.iconPath = new vscode.ThemeIcon("symbol-array");
        item.contextValue = "weight";
        return item;
      }
      case "layer":
        return layerItem(node.layer, node.children.length > 0, this.sessions.current?.summaries.get(node.layer.index));
      default:
        return node satisfies never;
    }
  }

  async askForFilter(): Promise<void> {
    const filter = await vscode.window.showInputBox({
      title: vscode.l10n.t("Filter Layers"),
      prompt: vscode.l10n.t("Part of a layer's name, path or class; empty shows all."),
      value: this.filter,
    });
    if (filter !== undefined) this.setFilter(filter);
  }

  setFilter(filter: string): void {
    this.filter = filter.trim();
    void vscode.commands.executeCommand("setContext", "layerscope.layersFiltered", this.filter !== "");
    this.refresh();
  }

  toggleOrder(): void {
    this.order = this.order === "model" ? "worst" : "model";
    this.refresh();
  }

  /** The selected layers, or all that the filter lets through, as a table that spreadsheets and Markdown take. */
  async copy(node?: LayerNode): Promise<void> {
    const session = this.sessions.current;
    if (session === null) return;
    const selected = node === undefined || this.view.selection.includes(node) ? this.view.selection : [node];
    const chosen = selected.flatMap(layersBelow);
    const layers = chosen.length > 0 ? chosen : this.getChildren().flatMap(layersBelow);
    await vscode.env.clipboard.writeText(layersTable(layers, session.summaries));
    vscode.window.setStatusBarMessage(vscode.l10n.t("{0} layers copied.", layers.length), 3000);
  }

  /** The layer that a command means: its argument, else the selection. */
  layerOf(node: LayerNode | undefined): LayerInfo | undefined {
    const meant = node ?? this.view.selection[0];
    return meant === undefined ? undefined : layersBelow(meant)[0];
  }

  private follow(): void {
    this.watching?.dispose();
    this.watching = this.view.visible ? this.sessions.current?.watch() : undefined;
    this.refresh();
  }

  private refreshSoon(): void {
    this.timer ??= setTimeout(() => this.refresh(), refreshMs);
  }

  private refresh(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const session = this.sessions.current;
    this.view.badge = badge(session);
    this.view.message = this.filter === "" ? "" : vscode.l10n.t("Filter: {0}", this.filter);
    if (this.view.visible) this.changed.fire(undefined);
  }
}

function pick({ layers, weights, summaries }: SessionView): Pick<SessionView, "layers" | "weights" | "summaries"> {
  return { layers, weights, summaries };
}

function badge(session: SessionView | null): vscode.ViewBadge | undefined {
  const count = session?.findings.filter(({ level }) => level !== "info").length ?? 0;
  return count === 0 ? undefined : { value: count, tooltip: vscode.l10n.t("{0} findings", count) };
}

function severityIcon(severity: LayerSummary["severity"], healthy: string): vscode.ThemeIcon {
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

function modelItem(name: string, id: string, severity: LayerSummary["severity"]): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded);
  item.id = id;
  item.iconPath = severityIcon(severity, "symbol-class");
  item.contextValue = "model";
  return item;
}

function layerItem(layer: LayerInfo, hasWeights: boolean, summary: LayerSummary | undefined): vscode.TreeItem {
  const state = hasWeights ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None;
  const item = new vscode.TreeItem(layer.name, state);
  const last = summary?.last ?? {};
  item.id = `layer:${layer.index}`;
  item.description = meanAndDeviation(last) ?? layer.className;
  item.iconPath = severityIcon(
    summary?.severity ?? 0,
    layer.className === "BatchNormalization" ? "pulse" : "symbol-method",
  );
  item.contextValue = layer.source === null ? "layer" : "layer.source";
  item.tooltip = tooltip(layer, summary);
  item.accessibilityInformation = { label: `${layer.name}, ${layer.className}, ${item.description}` };
  if (layer.source !== null) {
    item.command = {
      command: "layerscope.openLayerSource",
      title: vscode.l10n.t("Go to Source Line"),
      arguments: [{ kind: "layer", id: item.id, layer, severity: 0, children: [] } satisfies LayerNode],
    };
  }
  return item;
}

function tooltip(layer: LayerInfo, summary: LayerSummary | undefined): string {
  const lines = [`${layer.path} (${layer.className})`];
  if (layer.outputShape !== null) lines.push(`[${layer.outputShape.map((size) => size ?? "?").join(", ")}]`);
  if (summary !== undefined) {
    const { last } = summary;
    lines.push(
      vscode.l10n.t("step {0}: mean ± std {1}", summary.step, meanAndDeviation(last) ?? "–"),
      vscode.l10n.t("min {0}, max {1}", shortNumber(last.min), shortNumber(last.max)),
      ...driftText(last, { drift: vscode.l10n.t("drift"), gap: vscode.l10n.t("gap") }),
    );
  }
  if (layer.source !== null) lines.push(`${layer.source.file}:${layer.source.line}`);
  return lines.join("\n");
}
