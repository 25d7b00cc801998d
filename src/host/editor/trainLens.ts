import * as vscode from "vscode";
import { Disposable } from "../disposable.js";
import { isSwitchedOn, settingsSection } from "../settings.js";
import { isTypeScript } from "./quickFixes.js";
import type { TrainingCall } from "./trainingCalls.js";

/** Longer texts are bundles or data, not scripts that somebody edits. */
const longestText = 500_000;

/** `Train with Layer Statistics` above each call that trains a TensorFlow.js model. */
export class TrainLens extends Disposable implements vscode.CodeLensProvider {
  private readonly changed = this._register(new vscode.EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.changed.event;
  /** While a text is half typed the lenses of the last whole one stay. */
  private readonly lastCalls = new WeakMap<vscode.TextDocument, readonly TrainingCall[]>();

  constructor() {
    super();
    this._register(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${settingsSection}.codeLens`)) this.changed.fire();
      }),
    );
    this._register(vscode.workspace.onDidGrantWorkspaceTrust(() => this.changed.fire()));
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!vscode.workspace.isTrusted || !isSwitchedOn("codeLens", document)) return [];
    const text = document.getText();
    if (text.length > longestText) return [];
    // The parser is loaded with the first script, not with the extension.
    const { trainingCalls } = await import("./trainingCalls.js");
    const calls = trainingCalls(text, isTypeScript(document)) ?? this.lastCalls.get(document) ?? [];
    this.lastCalls.set(document, calls);
    return calls
      .filter(({ line }) => line < document.lineCount)
      .map(({ line, column }) => {
        const title = `$(play) ${vscode.l10n.t("Train with Layer Statistics")}`;
        const command = { title, command: "layerscope.train", arguments: [document.uri] };
        return new vscode.CodeLens(new vscode.Range(line, column, line, column), command);
      });
  }
}
