import { basename } from "node:path";
import * as vscode from "vscode";
import { Disposable } from "../disposable.js";
import { type Log, messageOf } from "../log.js";
import type { Sessions } from "../session/sessions.js";
import { settingsSection } from "../settings.js";
import type { Trainer } from "./trainer.js";

const neverKey = "layerscope.fastOffer.never";

interface Choice extends vscode.QuickPickItem {
  readonly take: () => unknown;
}

/** When a run of this window turns out to spend much of its time in BatchNorm, tells so once and lets the user choose. */
export class FastOffer extends Disposable {
  /** Scripts that were spoken of in this window. */
  private readonly told = new Set<string>();

  constructor(
    private readonly sessions: Sessions,
    private readonly trainer: Trainer,
    private readonly memento: vscode.Memento,
    private readonly log: Log,
  ) {
    super();
    this._register(sessions.onDidChange(({ findings }) => findings && this.look()));
  }

  private look(): void {
    const session = this.sessions.current;
    const run = session?.run ?? null;
    if (session === null || run === null || session.status !== "running" || !this.trainer.isRunning(run.launch)) return;
    const finding = session.findings.find(({ id }) => id === "bn-fast");
    const script = run.script.path;
    if (finding === undefined || this.told.has(script) || this.memento.get(neverKey) === true) return;
    this.told.add(script);
    this.offer(script, finding.message).catch((thrown: unknown) => this.log.error(messageOf(thrown), thrown));
  }

  /** A message first: a list that opens by itself would take the keys of somebody who is typing. */
  private async offer(script: string, message: string): Promise<void> {
    const { t } = vscode.l10n;
    const choose = t("Choose…");
    const never = t("Don't Ask Again");
    const sentence = t("{0} could train faster. {1}", basename(script), message);
    const answer = await vscode.window.showInformationMessage(sentence, choose, never);
    if (answer === never) await this.memento.update(neverKey, true);
    if (answer !== choose) return;
    const choices: Choice[] = [
      {
        label: `$(debug-restart) ${t("Train again with fast BatchNorm")}`,
        detail: t("Stops this training and starts it anew. Rounding then differs in the last bits."),
        take: () => vscode.commands.executeCommand("layerscope.trainFast"),
      },
      {
        label: `$(zap) ${t("Use it from the next training on")}`,
        detail: t("Sets layerscope.fastBatchNorm for this workspace."),
        take: () => switchOn(script),
      },
      { label: `$(close) ${t("Not now")}`, take: () => undefined },
      { label: `$(bell-slash) ${t("Don't ask again")}`, take: () => this.memento.update(neverKey, true) },
    ];
    const chosen = await vscode.window.showQuickPick(choices, {
      title: t("Fast BatchNorm"),
      placeHolder: message,
    });
    await chosen?.take();
  }
}

async function switchOn(script: string): Promise<void> {
  const inWorkspace = vscode.workspace.workspaceFolders !== undefined;
  await vscode.workspace
    .getConfiguration(settingsSection, vscode.Uri.file(script))
    .update(
      "fastBatchNorm",
      true,
      inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
    );
}
