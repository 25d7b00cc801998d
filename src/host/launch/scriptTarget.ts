import { extname } from "node:path";
import * as vscode from "vscode";

export const scriptExtensions = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"] as const;

export function isScript(path: string): boolean {
  return scriptExtensions.some((extension) => extension === extname(path).toLowerCase());
}

/** A script on disk whose text is saved, or the one sentence that tells why there is none. */
export type ScriptTarget =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly message: string };

/** The script that a command means: its argument, else the active editor. Unsaved changes are saved first. */
export async function scriptTarget(argument: vscode.Uri | undefined): Promise<ScriptTarget> {
  const uri = argument ?? vscode.window.activeTextEditor?.document.uri ?? activeFileTab();
  if (uri === undefined) {
    return refused(vscode.l10n.t("Open the script to train first, or choose it in the Explorer."));
  }
  if (uri.scheme === "untitled") {
    return refused(vscode.l10n.t("Save this file first: only a script on disk can be trained."));
  }
  if (uri.scheme !== "file") {
    return refused(vscode.l10n.t("{0} is not on a disk that Node.js can read.", uri.toString(true)));
  }
  if (!isScript(uri.fsPath)) {
    return refused(
      vscode.l10n.t("Got {0}, wanted a JavaScript or TypeScript file ({1}).", uri.fsPath, scriptExtensions.join(", ")),
    );
  }
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (document?.isDirty === true && !(await document.save())) {
    return refused(vscode.l10n.t("{0} could not be saved, so its changes would not be trained.", uri.fsPath));
  }
  try {
    await vscode.workspace.fs.stat(uri);
  } catch {
    return refused(vscode.l10n.t("{0} is not there any more.", uri.fsPath));
  }
  return { ok: true, path: uri.fsPath };
}

function activeFileTab(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText ? input.uri : undefined;
}

function refused(message: string): ScriptTarget {
  return { ok: false, message };
}
