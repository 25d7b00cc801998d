import * as vscode from "vscode";
import type { ViewFinding } from "../../protocol/views.js";
import { Disposable } from "../disposable.js";
import type { Sessions } from "../session/sessions.js";
import { isSwitchedOn, settingsSection } from "../settings.js";
import type { LayerSources } from "./layerSources.js";

export const diagnosticSource = "Layerscope";

const severities = {
  info: vscode.DiagnosticSeverity.Information,
  warning: vscode.DiagnosticSeverity.Warning,
  error: vscode.DiagnosticSeverity.Error,
} as const;

/** Findings of the shown run in the Problems view, at the line that made the layer. */
export class FindingDiagnostics extends Disposable {
  private readonly collection = this._register(vscode.languages.createDiagnosticCollection("layerscope"));
  private files: readonly string[] = [];

  constructor(
    private readonly sessions: Sessions,
    private readonly sources: LayerSources,
  ) {
    super();
    this._register(sessions.onDidChangeCurrent(() => this.update()));
    this._register(sessions.onDidChange(({ findings }) => findings && this.update()));
    this._register(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${settingsSection}.problems`)) this.update();
      }),
    );
  }

  private update(): void {
    const findings = isSwitchedOn("problems") ? (this.sessions.current?.findings ?? []) : [];
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const finding of findings) {
      const line = finding.source === null ? null : this.sources.lineNow(finding.source);
      if (finding.source === null || line === null) continue;
      const same = byFile.get(finding.source.file);
      const diagnostic = diagnosticOf(finding, line);
      if (same === undefined) byFile.set(finding.source.file, [diagnostic]);
      else same.push(diagnostic);
    }
    // Replaced, not cleared first, so that the list does not flicker while a training goes on.
    for (const file of this.files) if (!byFile.has(file)) this.collection.delete(vscode.Uri.file(file));
    for (const [file, diagnostics] of byFile) this.collection.set(vscode.Uri.file(file), diagnostics);
    this.files = [...byFile.keys()];
  }
}

function diagnosticOf(finding: ViewFinding, line: number): vscode.Diagnostic {
  const start = new vscode.Position(line, Math.max(0, (finding.source?.column ?? 1) - 1));
  const text = finding.action === "" ? finding.message : `${finding.message}\n${finding.action}`;
  // An empty range at a word is drawn under that word: the name of the layer's maker.
  const diagnostic = new vscode.Diagnostic(new vscode.Range(start, start), text, severities[finding.level]);
  diagnostic.source = diagnosticSource;
  diagnostic.code = finding.id;
  return diagnostic;
}
