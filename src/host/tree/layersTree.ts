import * as vscode from "vscode";
import type { LayerInfo } from "../../run/format.js";
import { Disposable, type Release } from "../disposable.js";
import type { Sessions } from "../session/sessions.js";
import type { SessionView } from "../session/sessionView.js";
import { layerItem, modelItem, weightItem } from "./layerItems.js";
import { type LayerNode, type LayerOrder, layerNodes, layersBelow, nodesBelow } from "./layerNodes.js";
import { layersTable } from "./layersTable.js";

const viewId = "layerscope.layers";
const numbersMs = 500;
/** A list that is sorted by trouble must not dance. */
const orderMs = 2000;

/** The tree of the current run's layers. Reads nothing while it is hidden. */
export class LayersTree extends Disposable implements vscode.TreeDataProvider<LayerNode> {
  private readonly changed = this._register(new vscode.EventEmitter<LayerNode[] | undefined>());
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<LayerNode>;
  private watching: Release | undefined;
  private timer: NodeJS.Timeout | undefined;
  private filter = "";
  private order: LayerOrder = "model";
  private nodes: readonly LayerNode[] = [];
  /** What each node looked like when VS Code last asked. */
  private readonly drawn = new Map<string, string>();
  private shapeChanged = true;
  private orderedAtMs = 0;

  constructor(private readonly sessions: Sessions) {
    super();
    this.view = this._register(
      vscode.window.createTreeView(viewId, { treeDataProvider: this, showCollapseAll: true, canSelectMany: true }),
    );
    this._register(this.view.onDidChangeVisibility(() => this.follow()));
    this._register(sessions.onDidChangeCurrent(() => this.follow()));
    this._register(
      sessions.onDidChange(({ layers, summaries, findings }) => {
        this.shapeChanged ||= layers;
        if (layers || summaries || findings) this.timer ??= setTimeout(() => this.update(), numbersMs);
      }),
    );
    this._register({ dispose: () => this.watching?.dispose() });
    this._register({ dispose: () => clearTimeout(this.timer) });
    this.follow();
  }

  getChildren(node?: LayerNode): LayerNode[] {
    if (node === undefined) return [...this.nodes];
    return node.kind === "weight" ? [] : [...node.children];
  }

  getTreeItem(node: LayerNode): vscode.TreeItem {
    const item = this.itemOf(node);
    this.drawn.set(node.id, lookOf(item));
    return item;
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
    this.view.message = this.filter === "" ? "" : vscode.l10n.t("Filter: {0}", this.filter);
    this.rebuild();
  }

  toggleOrder(): void {
    this.order = this.order === "model" ? "worst" : "model";
    this.rebuild();
  }

  /** The selected layers, or all that the filter lets through, as a table that spreadsheets take. */
  async copy(node?: LayerNode): Promise<void> {
    const session = this.sessions.current;
    if (session === null) return;
    session.refresh();
    const selected = node === undefined || this.view.selection.includes(node) ? this.view.selection : [node];
    const chosen = selected.flatMap(layersBelow);
    const layers = chosen.length > 0 ? chosen : this.nodes.flatMap(layersBelow);
    await vscode.env.clipboard.writeText(layersTable(layers, session.summaries));
    vscode.window.setStatusBarMessage(vscode.l10n.t("{0} layers copied.", layers.length), 3000);
  }

  /** The layer that a command means: its argument, else the selection. */
  layerOf(node: LayerNode | undefined): LayerInfo | undefined {
    const meant = node ?? this.view.selection[0];
    return meant === undefined ? undefined : layersBelow(meant)[0];
  }

  private itemOf(node: LayerNode): vscode.TreeItem {
    switch (node.kind) {
      case "model":
        return modelItem(node, this.sessions.current?.summaries);
      case "weight":
        return weightItem(node);
      case "layer":
        return layerItem(node, this.sessions.current?.summaries.get(node.layer.index));
      default:
        return node satisfies never;
    }
  }

  private follow(): void {
    this.watching?.dispose();
    this.watching = this.view.visible ? this.sessions.current?.watch() : undefined;
    this.rebuild();
  }

  /** New numbers: only the lines that look different now are drawn again. */
  private update(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.view.badge = badge(this.sessions.current);
    if (!this.view.visible) return;
    const reorder = this.order === "worst" && Date.now() - this.orderedAtMs > orderMs;
    if (this.shapeChanged || reorder) {
      this.rebuild();
      return;
    }
    const stale = this.nodes
      .flatMap(nodesBelow)
      .filter((node) => this.drawn.has(node.id) && this.drawn.get(node.id) !== lookOf(this.itemOf(node)));
    if (stale.length > 0) this.changed.fire(stale);
  }

  private rebuild(): void {
    const session = this.sessions.current;
    this.view.badge = badge(session);
    this.shapeChanged = false;
    this.orderedAtMs = Date.now();
    this.drawn.clear();
    this.nodes = session === null ? [] : layerNodes({ ...pick(session), filter: this.filter, order: this.order });
    this.changed.fire(undefined);
  }
}

function pick({ layers, weights, summaries }: SessionView): Pick<SessionView, "layers" | "weights" | "summaries"> {
  return { layers, weights, summaries };
}

function badge(session: SessionView | null): vscode.ViewBadge | undefined {
  const count = session?.findings.filter(({ level }) => level !== "info").length ?? 0;
  return count === 0 ? undefined : { value: count, tooltip: vscode.l10n.t("{0} findings", count) };
}

function lookOf({ description, tooltip, iconPath }: vscode.TreeItem): string {
  const icon = iconPath instanceof vscode.ThemeIcon ? iconPath.id : "";
  return `${icon} ${String(description)} ${typeof tooltip === "string" ? tooltip : ""}`;
}
