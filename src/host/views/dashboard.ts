import * as vscode from "vscode";
import type { ViewAction } from "../../protocol/views.js";
import { Disposable } from "../disposable.js";
import type { Log } from "../log.js";
import type { Comparison } from "../session/comparison.js";
import type { Sessions } from "../session/sessions.js";
import { viewHtml, webviewFolder } from "./html.js";
import { ViewHost } from "./viewHost.js";

export const dashboardType = "layerscope.dashboard";

export interface DashboardRequest {
  readonly layer?: number | null;
  readonly step?: number | null;
  readonly preserveFocus?: boolean;
}

/** The one dashboard panel; VS Code brings it back after a window reload. */
export class Dashboard extends Disposable implements vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;
  private host: ViewHost | undefined;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly sessions: Sessions,
    private readonly comparison: Comparison,
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
  }

  open({ layer = null, step = null, preserveFocus = false }: DashboardRequest = {}): void {
    if (layer !== null) this.sessions.select(layer);
    if (this.panel === undefined) this.adopt(this.create(preserveFocus));
    else if (!(preserveFocus && this.panel.visible)) this.panel.reveal(undefined, preserveFocus);
    if (layer !== null) this.host?.reveal(layer, step);
  }

  act(action: ViewAction): void {
    this.host?.act(action);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.panel?.dispose();
    this.adopt(panel);
  }

  private create(preserveFocus: boolean): vscode.WebviewPanel {
    const viewColumn =
      vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    return vscode.window.createWebviewPanel(dashboardType, "Layerscope", { viewColumn, preserveFocus }, {});
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
    const html = () => viewHtml(panel.webview, this.extensionUri, "dashboard", vscode.l10n.t("Layerscope Dashboard"));
    const host = new ViewHost(panel.webview, panel.visible, html, this.sessions, this.log, this.comparison);
    this.host = host;
    panel.onDidChangeViewState(() => host.setVisible(panel.visible));
    panel.onDidDispose(() => {
      host.dispose();
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.host = undefined;
    });
  }
}
