import type * as vscode from "vscode";
import type { SourcePosition } from "../../run/format.js";
import type { Sessions } from "../session/sessions.js";
import { type LineOfLayers, layerLines } from "./layerLines.js";
import type { SourceLines } from "./sourceLines.js";

/** The lines of the shown run's layers, in the documents as they are now. */
export class LayerSources {
  constructor(
    private readonly sessions: Sessions,
    private readonly lines: SourceLines,
  ) {}

  linesOf(document: vscode.TextDocument): LineOfLayers[] {
    const session = this.sessions.current;
    if (session === null || document.uri.scheme !== "file") return [];
    return layerLines(session.layers, session.summaries, document.uri.fsPath, ({ source }) =>
      source === null ? null : this.lineNow(source),
    );
  }

  /** 0-based; null where the line is gone. */
  lineNow(source: SourcePosition): number | null {
    return this.lines.lineNow(source, this.startedAtMs);
  }

  isStale(document: vscode.TextDocument): boolean {
    return this.lines.isStale(document, this.startedAtMs);
  }

  private get startedAtMs(): number {
    const startedAt = this.sessions.current?.run?.startedAt;
    return startedAt === undefined ? 0 : Date.parse(startedAt);
  }
}
