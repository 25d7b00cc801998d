import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { runsFolderOf } from "../settings.js";

export interface RunsPlace {
  readonly folder: string;
  /** Why it is not the usual folder; null where it is. */
  readonly note: string | null;
}

/** Where the runs of a script are kept: its workspace folder, else its own folder, else our storage where those can't be written. */
export function runsPlace(
  script: string,
  workspaceFolder: vscode.WorkspaceFolder | undefined,
  storage: vscode.Uri,
): RunsPlace {
  const usual =
    workspaceFolder === undefined ? join(dirname(script), ".layerscope", "runs") : runsFolderOf(workspaceFolder);
  if (canBeMade(usual)) return { folder: usual, note: null };
  const folder = join(storage.fsPath, "runs");
  return { folder, note: vscode.l10n.t("{0} cannot be written, so this run is kept in {1}.", usual, folder) };
}

function canBeMade(folder: string): boolean {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
