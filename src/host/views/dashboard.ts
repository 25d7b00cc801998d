import * as vscode from "vscode";
import type { ViewAction } from "../../protocol/views.js";
import { Disposable } from "../disposable.js";
import type { Log } from "../log.js";
import type { Comparison } from "../session/comparison.js";
import type { Sessions } from "../session/sessions.js";
import type { DashboardMemory } from "./dashboardMemory.js";
import { viewHtml, webviewFolder } from "./html.js";
import { PageWatch } from "./pageWatch.js";
import { ViewHost } from "./viewHost.js";

export const dashboardType = "layerscope.dashboard";

/** VS Code hands over the panels of a window that was loaded again at once. */
const handOverMs = 3000;

export interface DashboardRequest {
  readonly layer?: number | null;
  readonly step?: number | null;
  readonly preserveFocus?: boolean;
}

/** The one dashboard panel; VS Code brings it back after a window reload. */
export class Dashboard extends Disposable implements vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;
  private host: ViewHost | undefined;
  private orphanTimer: NodeJS.Timeout | undefined;
  /** Ours stands in the place of one that was not handed over in time. */
  private hasTakenOver = false;
  private readonly page = this._register(new PageWatch((afterMs) => this.remake(afterMs)));

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly sessions: Sessions,
    private readonly comparison: Comparison,
    private readonly memory: DashboardMemory,
    private readonly log: Log,
  ) {
    super();
    this._register(vscode.window.registerWebviewPanelSerializer(dashboardType, this));
    this._register(
      comparison.onDidChange(({ run }) => {
        if (run === null) void vscode.commands.executeCommand("setContext", "layerscope.comparing", comparison.isOn);
      }),
    );
    this._register({ dispose: () => this.host?.dispose() });
    this._register(vscode.window.tabGroups.onDidChangeTabs(() => this.takeOverSoon()));
    this._register({ dispose: () => clearTimeout(this.orphanTimer) });
    this.takeOverSoon();
  }

  open({ layer = null, step = null, preserveFocus = false }: DashboardRequest = {}): void {
    if (layer !== null) this.sessions.select(layer);
    if (this.panel === undefined) this.openPanel(preserveFocus);
    else if (!(preserveFocus && this.panel.visible)) this.panel.reveal(undefined, preserveFocus);
    if (layer !== null) this.host?.reveal(layer, step);
  }

  act(action: ViewAction): void {
    this.host?.act(action);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    if (this.hasTakenOver) {
      panel.dispose();
      return;
    }
    this.panel?.dispose();
    this.memory.set(state);
    this.adopt(panel);
  }

  /** Where one was that is not ours, in its place. */
  private openPanel(preserveFocus: boolean): void {
    const others = foreignDashboards();
    this.hasTakenOver = others.length > 0;
    const beside = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    this.adopt(create(others[0]?.group.viewColumn ?? beside, preserveFocus));
    if (others.length === 0) return;
    this.log.info("The dashboard of an extension host that has gone is opened again.");
    vscode.window.tabGroups
      .close(others, true)
      .then(undefined, (thrown: unknown) => this.log.error("A dashboard of before could not be closed.", thrown));
  }

  /** Another panel in its place. */
  private remake(afterMs: number): void {
    const old = this.panel;
    if (old === undefined) return;
    this.log.warn(`The dashboard has not answered for ${afterMs / 1000} s and is made anew.`);
    this.adopt(create(old.viewColumn ?? vscode.ViewColumn.Active, true));
    old.dispose();
  }

  /** VS Code leaves the panel of an extension host that is no more as it was: nobody hears what is pressed in it. */
  private takeOverSoon(): void {
    clearTimeout(this.orphanTimer);
    const isOrphanSeen = () => this.panel === undefined && foreignDashboards().some(({ isActive }) => isActive);
    if (isOrphanSeen()) this.orphanTimer = setTimeout(() => isOrphanSeen() && this.openPanel(true), handOverMs);
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    panel.iconPath = {
      light: vscode.Uri.joinPath(this.extensionUri, "media", "dashboardLight.svg"),
      dark: vscode.Uri.joinPath(this.extensionUri, "media", "dashboardDark.svg"),
    };
    panel.webview.options = {
      enableScripts: true,
      enableFindWidget: true,
      localResourceRoots: [webviewFolder(this.extensionUri)],
    } as vscode.WebviewOptions;
    const title = vscode.l10n.t("Layerscope Dashboard");
    const html = viewHtml(panel.webview, this.extensionUri, "dashboard", title, this.memory.state);
    const { page, sessions, log, comparison, memory } = this;
    const host = new ViewHost(panel.webview, panel.visible, html, page, sessions, log, { comparison, memory });
    this.host = host;
    panel.onDidChangeViewState(() => host.setVisible(panel.visible));
    panel.onDidDispose(() => {
      host.dispose();
      if (this.panel !== panel) return;
      this.page.rest();
      this.panel = undefined;
      this.host = undefined;
      this.memory.set(undefined);
      this.hasTakenOver = false;
    });
  }
}

function create(viewColumn: vscode.ViewColumn, preserveFocus: boolean): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(dashboardType, "Layerscope", { viewColumn, preserveFocus }, {});
}

/** While there is no panel of ours. */
function foreignDashboards(): readonly vscode.Tab[] {
  const isDashboard = ({ input }: vscode.Tab) =>
    input instanceof vscode.TabInputWebview && input.viewType.endsWith(dashboardType);
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(isDashboard);
}
