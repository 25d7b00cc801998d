import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { DoctorReport } from "../../engines/doctor.js";
import type { InstallProgress } from "../../engines/installProgress.js";
import { Disposable } from "../disposable.js";
import { type Log, messageOf } from "../log.js";
import { trainingSettings } from "../settings.js";
import { scrubbed } from "./environment.js";
import { discoveryMessage, type Launcher } from "./launcher.js";

const reportUri = vscode.Uri.parse("layerscope-doctor:Layerscope Doctor.md");

/** What engines there are here, and getting the native one. The heavy part is loaded when it is asked for. */
export class EngineCommands extends Disposable implements vscode.TextDocumentContentProvider {
  private readonly reportChanged = this._register(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.reportChanged.event;
  private installing = false;
  private report = "";

  constructor(
    private readonly launcher: Launcher,
    private readonly context: vscode.ExtensionContext,
    private readonly log: Log,
  ) {
    super();
    this._register(vscode.workspace.registerTextDocumentContentProvider(reportUri.scheme, this));
  }

  /** The doctor's report is a text that only VS Code holds: nothing to save. */
  provideTextDocumentContent(): string {
    return this.report;
  }

  async setUpNative(): Promise<void> {
    if (this.installing) {
      void vscode.window.showInformationMessage(vscode.l10n.t("tfjs-node is being set up already."));
      return;
    }
    const node = await this.node();
    if (node === null) return;
    this.installing = true;
    try {
      await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: vscode.l10n.t("Setting up tfjs-node"),
          cancellable: true,
        },
        (progress, token) => this.install(node, progress, token),
      );
    } finally {
      this.installing = false;
    }
  }

  async doctor(): Promise<void> {
    const node = await this.node();
    if (node === null) return;
    const { doctor } = await import("../../engines/doctor.js");
    const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir();
    const report = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Looking for engines") },
      () =>
        doctor({
          cwd,
          node,
          env: scrubbed(process.env),
          embeddedFolder: this.context.asAbsolutePath(join("dist", "embedded")),
        }),
    );
    this.report = doctorText(report, cwd);
    this.reportChanged.fire(reportUri);
    await vscode.commands.executeCommand("markdown.showPreview", reportUri);
  }

  private async node(): Promise<string | null> {
    const discovery = await this.launcher.discover(trainingSettings(undefined).nodePath);
    if (discovery.ok) return discovery.node.path;
    this.log.report(discoveryMessage(discovery));
    return null;
  }

  private async install(
    node: string,
    progress: vscode.Progress<{ message?: string; increment?: number }>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const { installManagedEngine } = await import("../../engines/install.js");
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    let shownPercent = 0;
    const onProgress = (report: InstallProgress): void => {
      const percent = Math.floor(report.fraction * 100);
      progress.report({ message: progressText(report), increment: percent - shownPercent });
      shownPercent = percent;
    };
    try {
      const { outcome, engine } = await installManagedEngine({
        onProgress,
        signal: abort.signal,
        env: scrubbed(process.env),
        node,
      });
      this.log.info(`Native engine ${outcome}: ${engine.packageFolder}`);
      void vscode.window.showInformationMessage(
        outcome === "already"
          ? vscode.l10n.t("tfjs-node is set up already and works.")
          : vscode.l10n.t("tfjs-node is set up: the next training uses it."),
      );
    } catch (thrown) {
      if (token.isCancellationRequested) this.log.info(messageOf(thrown));
      else this.log.report(messageOf(thrown), thrown);
    }
  }
}

const megabyte = 1e6;

function progressText({ label, bytes, totalBytes }: InstallProgress): string {
  if (bytes === null) return label;
  const done = Math.round(bytes / megabyte);
  return totalBytes === null ? `${label} (${done} MB)` : `${label} (${done} / ${Math.round(totalBytes / megabyte)} MB)`;
}

function doctorText(report: DoctorReport, folder: string): string {
  const { t } = vscode.l10n;
  const mark = (usable: boolean) => (usable ? "✔" : "✘");
  const engines = report.engines.flatMap(({ name, title, usable, reason, action }) => [
    `- ${mark(usable)} **${title}** (${name}${name === report.chosen ? `, ${t("chosen")}` : ""}): ${reason}`,
    ...(action === null ? [] : [`  - ${action}`]),
  ]);
  return [
    `# ${t("Layerscope Doctor")}`,
    "",
    `${mark(report.ok)} ${report.ok ? t("A script in {0} can be trained.", folder) : t("No script in {0} can be trained yet.", folder)}`,
    "",
    "## Node.js",
    "",
    `- ${mark(report.node.usable)} ${report.node.path} ${report.node.version ?? ""}: ${report.node.reason}`,
    ...(report.node.action === null ? [] : [`  - ${report.node.action}`]),
    "",
    `## ${t("Engines")}`,
    "",
    ...engines,
    "",
    `## ${t("Copies of TensorFlow.js")}`,
    "",
    ...(report.tfjs.length === 0 ? [t("None in this folder; the embedded engine brings its own.")] : []),
    ...report.tfjs.map((copy) => `- ${copy.package} ${copy.version}: ${copy.path}`),
    ...(report.notes.length === 0 ? [] : ["", `## ${t("Notes")}`, "", ...report.notes.map((note) => `- ${note}`)]),
    "",
  ].join("\n");
}
