import * as vscode from "vscode";
import type { LayerSummary } from "../../protocol/views.js";
import { Disposable, type Release } from "../disposable.js";
import { driftText, meanAndDeviation } from "../numbers.js";
import type { Sessions } from "../session/sessions.js";
import type { SessionView } from "../session/sessionView.js";
import { isSwitchedOn, settingsSection } from "../settings.js";
import type { LineOfLayers } from "./layerLines.js";
import type { LayerSources } from "./layerSources.js";

const refreshMs = 500;
/** Numbers beside the text change this often at the least. */
const watchMs = 1000;
const severities = [0, 1, 2, 3] as const;

/** Numbers after the end of each line that made a layer. They stand where no text is, so nothing jumps. */
export class Decorations extends Disposable {
  private readonly types: Readonly<Record<LayerSummary["severity"], vscode.TextEditorDecorationType>>;
  private cleared: string | null = null;
  private timer: NodeJS.Timeout | undefined;
  private shown: boolean | undefined;
  private watching: Release | undefined;

  constructor(
    private readonly sessions: Sessions,
    private readonly sources: LayerSources,
  ) {
    super();
    const type = (color: string) => this._register(vscode.window.createTextEditorDecorationType(afterLine(color)));
    this.types = {
      0: type("editorCodeLens.foreground"),
      1: type("editorInfo.foreground"),
      2: type("editorWarning.foreground"),
      3: type("editorError.foreground"),
    };
    this._register(sessions.onDidChangeCurrent(() => this.restart()));
    this._register(sessions.onDidChange(({ summaries, layers }) => (summaries || layers) && this.updateSoon()));
    this._register(vscode.window.onDidChangeVisibleTextEditors(() => this.update()));
    this._register(vscode.workspace.onDidChangeTextDocument(() => this.updateSoon()));
    this._register(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${settingsSection}.decorations`)) this.update();
      }),
    );
    this._register({ dispose: () => clearTimeout(this.timer) });
    this._register({ dispose: () => this.watching?.dispose() });
  }

  /** Takes the numbers of the run that is shown out of the editors; the next run brings its own. */
  clear(): void {
    this.cleared = this.sessions.current?.folder ?? null;
    this.update();
  }

  private restart(): void {
    this.watch(false);
    this.update();
  }

  private updateSoon(): void {
    this.timer ??= setTimeout(() => this.update(), refreshMs);
  }

  private update(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { current } = this.sessions;
    const session = current?.folder !== this.cleared && isSwitchedOn("decorations") ? current : null;
    let any = false;
    let isSeen = false;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.scheme !== "file") continue;
      const lines = session === null ? [] : this.sources.linesOf(editor.document);
      const hasLayers = session !== null && lines.length > 0;
      const options = hasLayers ? this.optionsOf(lines, session.summaries, editor.document) : null;
      isSeen ||= hasLayers;
      for (const severity of severities) {
        const own = options?.get(severity) ?? [];
        editor.setDecorations(this.types[severity], own);
        any ||= own.length > 0;
      }
    }
    if (any !== this.shown) void vscode.commands.executeCommand("setContext", "layerscope.hasDecorations", any);
    this.shown = any;
    this.watch(isSeen);
  }

  /** Only where numbers are seen, or will be. */
  private watch(isWanted: boolean): void {
    if (isWanted) this.watching ??= this.sessions.current?.watch(watchMs);
    else {
      this.watching?.dispose();
      this.watching = undefined;
    }
  }

  private optionsOf(
    lines: readonly LineOfLayers[],
    summaries: SessionView["summaries"],
    document: vscode.TextDocument,
  ): Map<LayerSummary["severity"], vscode.DecorationOptions[]> {
    const options = new Map<LayerSummary["severity"], vscode.DecorationOptions[]>();
    const isStale = this.sources.isStale(document);
    for (const line of lines) {
      const text = lineText(line, summaries);
      if (text === null || line.line >= document.lineCount) continue;
      const end = document.lineAt(line.line).range.end;
      const note = isStale ? ` ${vscode.l10n.t("(before the last edit)")}` : "";
      const option: vscode.DecorationOptions = {
        range: new vscode.Range(end, end),
        renderOptions: { after: { contentText: `${text}${note}`, ...(isStale ? { fontStyle: "italic" } : {}) } },
      };
      const severity = isStale ? 0 : line.severity;
      const same = options.get(severity);
      if (same === undefined) options.set(severity, [option]);
      else same.push(option);
    }
    return options;
  }
}

function afterLine(color: string): vscode.DecorationRenderOptions {
  return {
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    after: { margin: "0 0 0 3ch", color: new vscode.ThemeColor(color) },
  };
}

/** Null before the first capture. */
function lineText({ layers }: LineOfLayers, summaries: ReadonlyMap<number, LayerSummary>): string | null {
  const [first] = layers;
  const summary = first === undefined ? undefined : summaries.get(first.index);
  const numbers = summary === undefined ? undefined : meanAndDeviation(summary.last);
  if (first === undefined || summary === undefined || numbers === undefined) return null;
  const parts = [numbers, ...driftText(summary.last, { drift: vscode.l10n.t("drift"), gap: vscode.l10n.t("gap") })];
  const text = parts.join(" · ");
  return layers.length === 1 ? text : vscode.l10n.t("{0} layers, worst {1}: {2}", layers.length, first.name, text);
}
