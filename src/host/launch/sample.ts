import { existsSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";

/**
 * Copies the sample that comes with the extension and opens its script. Into the open workspace where there is one
 * (so that it can be read, changed and kept), else into our own storage. What the user changed is not overwritten.
 */
export async function openSample(context: vscode.ExtensionContext): Promise<vscode.TextEditor> {
  const workspaceFolder = vscode.workspace.workspaceFolders?.find((folder) => folder.uri.scheme === "file");
  const parent = workspaceFolder?.uri.fsPath ?? context.globalStorageUri.fsPath;
  const folder = await copied(context, join(parent, "layerscope-sample")).catch(() =>
    copied(context, join(context.globalStorageUri.fsPath, "layerscope-sample")),
  );
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(join(folder, "train.js")));
  return vscode.window.showTextDocument(document, { preview: false });
}

async function copied(context: vscode.ExtensionContext, target: string): Promise<string> {
  await mkdir(target, { recursive: true });
  await cp(context.asAbsolutePath(join("media", "sample")), target, {
    recursive: true,
    force: false,
    filter: (source) => !source.endsWith(".layerscope"),
  });
  if (!existsSync(join(target, "train.js"))) throw new Error(`Got no train.js in ${target} after copying the sample.`);
  return target;
}
