import * as vscode from "vscode";
import { Disposable } from "../disposable.js";
import type { Log } from "../log.js";
import type { Sessions } from "../session/sessions.js";
import { viewHtml, webviewFolder } from "./html.js";
import { ViewHost } from "./viewHost.js";

/** The side view: the layers that need attention first. */
export class LiveView extends Disposable implements vscode.WebviewViewProvider {
  private host: ViewHost | undefined;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly sessions: Sessions,
    private readonly log: Log,
  ) {
    super();
    this._register(vscode.window.registerWebviewViewProvider("layerscope.live", this));
    this._register({ dispose: () => this.host?.dispose() });
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.host?.dispose();
    view.webview.options = { enableScripts: true, localResourceRoots: [webviewFolder(this.extensionUri)] };
    const html = () => viewHtml(view.webview, this.extensionUri, "live", vscode.l10n.t("Live"));
    const host = new ViewHost(view.webview, view.visible, html, this.sessions, this.log);
    this.host = host;
    view.onDidChangeVisibility(() => host.setVisible(view.visible));
    view.onDidDispose(() => host.dispose());
  }
}
