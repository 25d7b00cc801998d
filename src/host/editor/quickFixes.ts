import * as vscode from "vscode";
import { diagnosticSource } from "./findingDiagnostics.js";
import type { LayerOption } from "./layerOptionEdit.js";

/** Findings whose cure is one option of the layer that is written there. */
const cures: Readonly<Record<string, readonly LayerOption[]>> = {
  "bn-redundant-bias": [{ name: "useBias", value: "false" }],
  "bn-momentum-swapped": [{ name: "momentum", value: "0.9" }],
  "bn-not-converged": [{ name: "momentum", value: "0.9" }],
  "bn-frozen-moves": [{ name: "momentum", value: "1" }],
  "bn-scale-center": [
    { name: "scale", value: "true" },
    { name: "center", value: "true" },
  ],
  "bn-axis": [{ name: "axis", value: "-1" }],
};

export class QuickFixes implements vscode.CodeActionProvider {
  static readonly metadata: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
  };

  async provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    context: vscode.CodeActionContext,
  ): Promise<vscode.CodeAction[]> {
    const own = context.diagnostics.filter(({ source }) => source === diagnosticSource);
    if (own.length === 0) return [];
    // The parser is loaded with the first finding, not with the extension.
    const { layerOptionEdit } = await import("./layerOptionEdit.js");
    const text = document.getText();
    return own.flatMap((diagnostic) =>
      (cures[String(diagnostic.code)] ?? []).flatMap((option) => {
        const { line, character } = diagnostic.range.start;
        const position = { line: line + 1, column: character + 1 };
        const edit = layerOptionEdit(text, isTypeScript(document), position, option);
        return edit === null ? [] : [quickFix(document, diagnostic, option, edit)];
      }),
    );
  }
}

export function isTypeScript(document: vscode.TextDocument): boolean {
  return /\.[mc]?tsx?$/i.test(document.uri.path) || document.languageId.startsWith("typescript");
}

function quickFix(
  document: vscode.TextDocument,
  diagnostic: vscode.Diagnostic,
  { name, value }: LayerOption,
  { start, end, replacement }: { readonly start: number; readonly end: number; readonly replacement: string },
): vscode.CodeAction {
  const action = new vscode.CodeAction(vscode.l10n.t("Set {0}", `${name}: ${value}`), vscode.CodeActionKind.QuickFix);
  action.diagnostics = [diagnostic];
  action.edit = new vscode.WorkspaceEdit();
  const range = new vscode.Range(document.positionAt(start), document.positionAt(end));
  action.edit.replace(document.uri, range, replacement);
  return action;
}
