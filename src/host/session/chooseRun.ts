import * as vscode from "vscode";
import { mostCompared } from "./comparison.js";
import type { KnownRun } from "./runCatalogue.js";
import { familyItems, type RunItem, runItem, runTreeItems } from "./runItems.js";
import type { RunShelf } from "./runShelf.js";

/** An item without a run asks for a folder. */
type Item = RunItem | (vscode.QuickPickItem & { readonly known?: undefined });

/** The folder of the run that the user picks; undefined when none is. Each run can be named, tagged, kept and deleted. */
export async function chooseRun(list: () => readonly KnownRun[], shelf: RunShelf): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<Item>();
  const actions = [
    { iconPath: new vscode.ThemeIcon("edit"), tooltip: vscode.l10n.t("Name…"), run: shelf.rename },
    { iconPath: new vscode.ThemeIcon("tag"), tooltip: vscode.l10n.t("Tags…"), run: shelf.tag },
    { iconPath: new vscode.ThemeIcon("pin"), tooltip: vscode.l10n.t("Keep, or no longer"), run: shelf.toggleKept },
    { iconPath: new vscode.ThemeIcon("trash"), tooltip: vscode.l10n.t("Delete…"), run: shelf.delete },
  ];
  const browse: Item = { label: `$(folder-opened) ${vscode.l10n.t("Another folder…")}`, alwaysShow: true };
  const fill = () => {
    picker.items = [...runTreeItems(list()).map((item) => ({ ...item, buttons: actions })), browse];
  };
  picker.title = vscode.l10n.t("Open Run");
  picker.placeholder = vscode.l10n.t("Newest first");
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  // A question of an action takes the place of the list, which comes back afterwards.
  let isAsking = false;
  fill();
  const chosen = await new Promise<Item | undefined>((resolve) => {
    picker.onDidAccept(() => {
      resolve(picker.selectedItems[0]);
      picker.hide();
    });
    picker.onDidHide(() => {
      if (!isAsking) resolve(undefined);
    });
    picker.onDidTriggerItemButton(async ({ item, button }) => {
      const action = actions.find((candidate) => candidate === button);
      if (action === undefined || item.known === undefined) return;
      isAsking = true;
      await action.run(item.known);
      isAsking = false;
      fill();
      picker.show();
    });
    picker.show();
  });
  picker.dispose();
  if (chosen === undefined || chosen.known !== undefined) return chosen?.known.folder;
  const picked = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: vscode.l10n.t("Choose a run folder (it holds run.json)"),
  });
  return picked?.[0]?.fsPath;
}

/**
 * Another run of the shown one's tree: its parent or child where there is just one other, else the one that the user
 * picks. Undefined where it stands alone or the list was left.
 */
export async function chooseRelatedRun(runs: readonly KnownRun[], shown: string): Promise<string | undefined> {
  const family = familyItems(runs, shown);
  const others = family.filter(({ known }) => known.folder !== shown);
  const [only, second] = others;
  if (only === undefined || second === undefined) return only?.known.folder;
  const title = vscode.l10n.t("Runs Started by One Another");
  const chosen = await vscode.window.showQuickPick(family, { title, matchOnDescription: true, matchOnDetail: true });
  return chosen?.known.folder;
}

/** One of several runs, the shown one first. */
export async function chooseOneRun(
  runs: readonly KnownRun[],
  title: string,
  shown: string | undefined,
): Promise<KnownRun | undefined> {
  const [first, second] = runs;
  if (second === undefined) return first;
  const chosen = await vscode.window.showQuickPick(shownFirst(runs, shown).map(runItem), {
    title,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.known;
}

/** Any number of runs; undefined when the list was left. */
export async function chooseRuns(
  runs: readonly KnownRun[],
  title: string,
  picked: (run: KnownRun) => boolean,
  placeHolder?: string,
): Promise<readonly KnownRun[] | undefined> {
  const items = runs.map((known) => ({ ...runItem(known), picked: picked(known) }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
    ...(placeHolder === undefined ? {} : { placeHolder }),
  });
  return chosen?.map(({ known }) => known);
}

/** Folders of two to eight runs, the shown one first; undefined when the list was left or holds too few. */
export async function chooseComparedRuns(
  runs: readonly KnownRun[],
  compared: readonly string[],
  shown: string | undefined,
): Promise<readonly string[] | undefined> {
  const isPicked = ({ folder }: KnownRun) => folder === shown || compared.includes(folder);
  const title = vscode.l10n.t("Compare Runs");
  const placeHolder = vscode.l10n.t("Two to {0} runs; the others are compared with the first", mostCompared);
  const chosen = await chooseRuns(shownFirst(runs, shown), title, isPicked, placeHolder);
  if (chosen === undefined) return undefined;
  if (chosen.length < 2 || chosen.length > mostCompared) {
    const message = vscode.l10n.t("Got {0} runs, wanted two to {1} to compare.", chosen.length, mostCompared);
    void vscode.window.showInformationMessage(message);
    return undefined;
  }
  return chosen.map(({ folder }) => folder);
}

function shownFirst(runs: readonly KnownRun[], shown: string | undefined): readonly KnownRun[] {
  return [...runs.filter(({ folder }) => folder === shown), ...runs.filter(({ folder }) => folder !== shown)];
}
