import { statSync } from "node:fs";
import * as vscode from "vscode";
import type { SourcePosition } from "../../run/format.js";
import { Disposable } from "../disposable.js";
import { type LineEdit, shiftedLine } from "./lineShift.js";

const mostEdits = 5000;

interface EditedFile {
  readonly edits: LineEdit[];
  touchedAtMs: number;
}

/** Follows what is typed, so that a line recorded at a run's start is found again, and known to be stale. */
export class SourceLines extends Disposable {
  private readonly files = new Map<string, EditedFile>();

  constructor() {
    super();
    this._register(vscode.workspace.onDidChangeTextDocument((event) => this.record(event)));
  }

  /** 0-based line in the document as it is now; null where it is gone. */
  lineNow({ file, line }: SourcePosition, runStartedAtMs: number): number | null {
    return shiftedLine(line - 1, this.files.get(file)?.edits ?? [], runStartedAtMs);
  }

  /** The text is not the one that was trained. */
  isStale(document: vscode.TextDocument, runStartedAtMs: number): boolean {
    const edited = this.files.get(document.uri.fsPath);
    if (edited !== undefined && edited.touchedAtMs > runStartedAtMs) return true;
    const mtimeMs = statSync(document.uri.fsPath, { throwIfNoEntry: false })?.mtimeMs;
    return document.isDirty || (mtimeMs !== undefined && mtimeMs > runStartedAtMs);
  }

  private record({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    if (document.uri.scheme !== "file" || contentChanges.length === 0) return;
    const atMs = Date.now();
    let file = this.files.get(document.uri.fsPath);
    if (file === undefined) {
      file = { edits: [], touchedAtMs: atMs };
      this.files.set(document.uri.fsPath, file);
    }
    file.touchedAtMs = atMs;
    // All ranges are in the text before the event; from the bottom up they do not disturb one another.
    const changes = [...contentChanges].sort((a, b) => b.range.start.line - a.range.start.line);
    for (const { range, text } of changes) {
      const lines = text.split("\n").length;
      if (lines === range.end.line - range.start.line + 1) continue;
      file.edits.push({ atMs, start: range.start.line, end: range.end.line, lines });
    }
    if (file.edits.length > mostEdits) file.edits.splice(0, file.edits.length - mostEdits);
  }
}
