import * as vscode from "vscode";
import type { ToTraining } from "../../protocol/control.js";
import type { RunFile } from "../../run/format.js";
import { sendControl } from "./controlClient.js";

/** Asks the training process of `run`; throws the sentence that says why it did not do it. */
async function ask(run: RunFile | null, request: ToTraining): Promise<void> {
  if (run?.control == null) throw new Error(vscode.l10n.t("No training that could be asked is on screen."));
  const answer = await sendControl(run.control, request);
  if (!answer.ok) throw new Error(answer.error);
}

/** All statistics of the next step, whatever the budget says. */
export function captureNow(run: RunFile | null): Promise<void> {
  return ask(run, { type: "capture" });
}

/** Another overhead budget from the next step on; the user picks it where none is given. */
export async function setBudget(run: RunFile | null, given: string | undefined): Promise<void> {
  const budget = given ?? (await chooseBudget(run?.budget));
  if (budget !== undefined) await ask(run, { type: "budget", budget });
}

interface BudgetItem extends vscode.QuickPickItem {
  /** Undefined: the user types a percentage. */
  readonly budget: string | undefined;
}

async function chooseBudget(current: string | undefined): Promise<string | undefined> {
  const percentages = ["1", "5", "10", "25"].map((budget) => ({ label: `${budget} %`, budget }));
  const items: BudgetItem[] = [
    ...percentages,
    { label: vscode.l10n.t("Another percentage…"), budget: undefined },
    { label: "scalars", description: vscode.l10n.t("Mean, variance and extremes on every step"), budget: "scalars" },
    { label: "every", description: vscode.l10n.t("Everything on every step"), budget: "every" },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("Overhead Budget of This Run"),
    placeHolder: current === undefined ? "" : vscode.l10n.t("Now: {0}", Number(current) > 0 ? `${current} %` : current),
  });
  if (chosen === undefined || chosen.budget !== undefined) return chosen?.budget;
  const isPercentage = (text: string) => Number(text) > 0 && Number(text) <= 100;
  return vscode.window.showInputBox({
    title: vscode.l10n.t("Overhead Budget of This Run"),
    prompt: vscode.l10n.t("Percent of the step's time"),
    validateInput: (text) => (isPercentage(text) ? null : vscode.l10n.t("A number above 0, up to 100")),
  });
}
