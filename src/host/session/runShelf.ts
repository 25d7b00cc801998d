import * as vscode from "vscode";
import type { RunLabel } from "../../run/format.js";
import { readRunLabel, writeRunLabel } from "../../run/runLabel.js";
import { type Log, messageOf } from "../log.js";
import type { Comparison } from "./comparison.js";
import type { KnownRun } from "./runCatalogue.js";
import { runName } from "./runItems.js";
import type { Sessions } from "./sessions.js";

/** The runs as things that can be named, tagged, kept and thrown away. */
export class RunShelf {
  constructor(
    private readonly sessions: Sessions,
    private readonly comparison: Comparison,
    private readonly log: Log,
  ) {}

  readonly rename = async (known: KnownRun): Promise<void> => {
    const label = readRunLabel(known.folder);
    const name = await vscode.window.showInputBox({
      title: vscode.l10n.t("Name of the run"),
      value: label.name ?? "",
      prompt: vscode.l10n.t("Empty: the name of its script"),
    });
    if (name !== undefined) this.write(known, { ...label, name });
  };

  readonly tag = async (known: KnownRun): Promise<void> => {
    const label = readRunLabel(known.folder);
    const tags = await vscode.window.showInputBox({
      title: vscode.l10n.t("Tags of the run"),
      value: label.tags.join(", "),
      prompt: vscode.l10n.t("Separated by commas"),
    });
    if (tags !== undefined)
      this.write(known, { ...label, tags: tags.split(",").map((tag) => tag.replace(/^\s*#/, "")) });
  };

  readonly toggleKept = (known: KnownRun): void => {
    const label = readRunLabel(known.folder);
    this.write(known, { ...label, isKept: !label.isKept });
  };

  readonly delete = async (...runs: readonly KnownRun[]): Promise<void> => {
    const refused = runs.map((known) => this.refusal(known)).find((reason) => reason !== null);
    if (refused !== undefined && refused !== null) {
      void vscode.window.showWarningMessage(refused);
      return;
    }
    const [first] = runs;
    if (first === undefined) return;
    const question =
      runs.length === 1
        ? vscode.l10n.t("Delete the run {0}?", runName(first, readRunLabel(first.folder)))
        : vscode.l10n.t("Delete {0} runs?", runs.length);
    const detail = runs.map(({ folder }) => folder).join("\n");
    const trash = vscode.l10n.t("Move to Trash");
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, trash)) !== trash) return;
    const compared = this.comparison.sessions.map(({ folder }) => folder);
    if (runs.some(({ folder }) => compared.includes(folder))) this.comparison.leave();
    const left = await this.remove(runs, true);
    if (left.length > 0) await this.removeForGood(left);
    this.sessions.refreshRuns();
  };

  private async removeForGood(runs: readonly KnownRun[]): Promise<void> {
    const forGood = vscode.l10n.t("Delete Permanently");
    const question = vscode.l10n.t("The trash cannot be used here. Delete permanently?");
    const detail = runs.map(({ folder }) => folder).join("\n");
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, forGood)) !== forGood) return;
    const left = await this.remove(runs, false);
    for (const { folder } of left) this.log.report(vscode.l10n.t("The run {0} could not be deleted.", folder));
  }

  /** Those that are still there. */
  private async remove(runs: readonly KnownRun[], useTrash: boolean): Promise<KnownRun[]> {
    const left: KnownRun[] = [];
    for (const known of runs) {
      try {
        await vscode.workspace.fs.delete(vscode.Uri.file(known.folder), { recursive: true, useTrash });
      } catch (thrown) {
        this.log.info(`Deleting ${known.folder}, trash ${useTrash}: ${messageOf(thrown)}`);
        left.push(known);
      }
    }
    return left;
  }

  private refusal(known: KnownRun): string | null {
    const label = readRunLabel(known.folder);
    const name = runName(known, label);
    if (known.status === "running") return vscode.l10n.t("{0} is still training: stop it before you delete it.", name);
    if (label.isKept) return vscode.l10n.t("{0} is kept: take that mark away before you delete it.", name);
    return null;
  }

  private write(known: KnownRun, label: RunLabel): void {
    writeRunLabel(known.folder, label);
    this.sessions.refreshRuns();
  }
}
