import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

export type ViewName = "live" | "dashboard";

/**
 * The page of a view: a strict policy, one bundle, one style sheet, and the strings of the user's language as data.
 * The view reads them with `JSON.parse(document.getElementById("l10n").textContent)`.
 * @param state what the view goes on with where VS Code has kept nothing for it
 */
export function viewHtml(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  view: ViewName,
  title: string,
  state: unknown = null,
): string {
  const nonce = randomBytes(16).toString("base64");
  const folder = webviewFolder(extensionUri);
  const script = webview.asWebviewUri(vscode.Uri.joinPath(folder, `${view}.js`)).toString();
  const style = webview.asWebviewUri(vscode.Uri.joinPath(folder, `${view}.css`)).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
    `font-src ${webview.cspSource}`,
    `connect-src ${webview.cspSource}`,
    "worker-src blob:",
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${attribute(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(title)}</title>
<link rel="stylesheet" href="${style}">
<script id="l10n" type="application/json" nonce="${nonce}">${json(vscode.l10n.bundle ?? {})}</script>
<script id="state" type="application/json" nonce="${nonce}">${json(state)}</script>
</head>
<body data-layerscope-view="${view}">
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}

export function webviewFolder(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, "dist", "webview");
}

function attribute(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that cannot end the element it stands in. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}
