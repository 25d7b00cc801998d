import { basename } from "node:path";
import * as vscode from "vscode";
import type { RunStatus } from "../../run/format.js";
import type { KnownRun } from "./runCatalogue.js";

const icons: Readonly<Record<RunStatus, string>> = {
  running: "pulse",
  completed: "check",
  failed: "error",
  stopped: "debug-stop",
  interrupted: "debug-disconnect",
};

interface RunItem extends vscode.QuickPickItem {
  /** Undefined for the item that asks for a folder. */
  readonly folder?: string;
}

/** The folder of the run that the user picks; undefined when none is. */
export async function chooseRun(runs: readonly KnownRun[]): Promise<string | undefined> {
  const items: RunItem[] = runs.map(({ folder, run, status }) => ({
    folder,
    label: `$(${icons[status]}) ${basename(run.script.path)}`,
    description: vscode.l10n.t("{0} steps, {1}", run.steps, new Date(run.startedAt).toLocaleString()),
    detail: [run.script.arguments.join(" "), run.engine?.name ?? "", folder].filter((part) => part !== "").join(" · "),
  }));
  const browse: RunItem = { label: `$(folder-opened) ${vscode.l10n.t("Another folder…")}`, alwaysShow: true };
  const chosen = await vscode.window.showQuickPick([...items, browse], {
    title: vscode.l10n.t("Open Run"),
    placeHolder: vscode.l10n.t("Newest first"),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen === undefined || chosen.folder !== undefined) return chosen?.folder;
  const picked = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: vscode.l10n.t("Choose a run folder (it holds run.json)"),
  });
  return picked?.[0]?.fsPath;
}
