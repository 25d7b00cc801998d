import * as vscode from "vscode";
import type { SourcePosition } from "../../run/format.js";

/** Shows the line; in the editor that has the file already, else beside the panel that asked. */
export async function openSource({ file, line, column }: SourcePosition): Promise<void> {
  const uri = vscode.Uri.file(file);
  const open = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString());
  const document = open?.document ?? (await vscode.workspace.openTextDocument(uri));
  const position = document.validatePosition(new vscode.Position(line - 1, column - 1));
  await vscode.window.showTextDocument(document, {
    ...(open?.viewColumn === undefined ? columnBeside() : { viewColumn: open.viewColumn }),
    selection: new vscode.Range(position, position),
  });
}

/** A click in a panel must not cover that panel: another group, where there is one. */
function columnBeside(): { viewColumn?: vscode.ViewColumn } {
  const { activeTabGroup, all } = vscode.window.tabGroups;
  if (!(activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview)) return {};
  const other = all.find((group) => group !== activeTabGroup);
  return { viewColumn: other?.viewColumn ?? vscode.ViewColumn.Beside };
}
