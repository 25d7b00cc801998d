/** An edit that changed the number of lines: lines `start` … `end` (0-based, as before it) became `lines` lines. */
export interface LineEdit {
  readonly atMs: number;
  readonly start: number;
  readonly end: number;
  readonly lines: number;
}

/**
 * Where a 0-based line of the text as it was at `sinceMs` is after the edits that followed, in order; null where the
 * line itself was replaced by another number of lines.
 */
export function shiftedLine(line: number, edits: readonly LineEdit[], sinceMs: number): number | null {
  let at = line;
  for (const edit of edits) {
    if (edit.atMs <= sinceMs || at < edit.start) continue;
    const delta = edit.lines - (edit.end - edit.start + 1);
    if (at > edit.end) at += delta;
    else if (at === edit.start && edit.lines > 0) continue;
    else if (at === edit.end) at += delta;
    else return null;
  }
  return at;
}
