import * as vscode from "vscode";
import { Disposable } from "../disposable.js";
import type { Log } from "../log.js";
import type { Sessions } from "../session/sessions.js";
import { viewHtml, webviewFolder } from "./html.js";
import { PageWatch } from "./pageWatch.js";
import { ViewHost } from "./viewHost.js";

const viewId = "layerscope.live";
/** While it is true the view is not there (`when` of its contribution). */
const goneKey = "layerscope.live.isGone";

/** The side view: the layers that need attention first. */
export class LiveView extends Disposable implements vscode.WebviewViewProvider {
  private host: ViewHost | undefined;
  private readonly page = this._register(
    new PageWatch((afterMs) =>
      this.remake(afterMs).catch((thrown: unknown) => this.log.error("The live view could not be made anew.", thrown)),
    ),
  );

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly sessions: Sessions,
    private readonly log: Log,
  ) {
    super();
    this._register(vscode.window.registerWebviewViewProvider(viewId, this));
    this._register({ dispose: () => this.host?.dispose() });
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.host?.dispose();
    view.webview.options = { enableScripts: true, localResourceRoots: [webviewFolder(this.extensionUri)] };
    const html = viewHtml(view.webview, this.extensionUri, "live", vscode.l10n.t("Live"));
    const host = new ViewHost(view.webview, view.visible, html, this.page, this.sessions, this.log);
    this.host = host;
    view.onDidChangeVisibility(() => host.setVisible(view.visible));
    view.onDidDispose(() => {
      host.dispose();
      if (this.host === host) this.page.rest();
    });
  }

  /** VS Code makes a new frame for a view that was gone and is there again. */
  private async remake(afterMs: number): Promise<void> {
    this.log.warn(`The live view has not answered for ${afterMs / 1000} s and is made anew.`);
    for (const isGone of [true, false]) await vscode.commands.executeCommand("setContext", goneKey, isGone);
    await vscode.commands.executeCommand(`${viewId}.focus`, { preserveFocus: true });
  }
}
