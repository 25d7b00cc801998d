import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { type BackendOptions, optionsVariable } from "../../protocol/options.js";
import { Disposable } from "../disposable.js";
import type { Log } from "../log.js";
import { runsFolderOf, settingsSection, trainingSettings } from "../settings.js";

const enabledKey = "layerscope.autoAttach";
/** What a process needs that loads tfjs; the rest of dist/ stays with the extension. */
const preloadParts = ["backend.cjs", "engine.cjs", "hooks.cjs", "recorder.cjs", "reducer.cjs", "embedded"] as const;
const preloadName = "backend.cjs";
const versionFile = "version";
const megabyte = 2 ** 20;

/**
 * From switched on until switched off, every `node` of the integrated terminals preloads the backend. The preload lies
 * in our storage folder, so that terminals opened earlier keep working when the extension is updated or removed.
 */
export class AutoAttach extends Disposable {
  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: Log,
  ) {
    super();
    this._register(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (this.isOn && event.affectsConfiguration(settingsSection)) this.apply();
      }),
    );
    // The collection survives a restart by itself; only a new version's files have to follow.
    if (this.isOn && !this.isCurrent()) {
      const update = setTimeout(() => this.apply(), 0);
      this._register({ dispose: () => clearTimeout(update) });
    }
    this._register(vscode.workspace.onDidChangeWorkspaceFolders(() => this.isOn && this.apply()));
    this.tell();
  }

  get isOn(): boolean {
    return this.context.workspaceState.get(enabledKey, false);
  }

  async toggle(): Promise<void> {
    const on = !this.isOn;
    if (on) this.apply();
    else this.remove();
    await this.context.workspaceState.update(enabledKey, on);
    this.tell();
    const message = on
      ? vscode.l10n.t(
          "Auto Attach is on: every node in a new terminal that trains with TensorFlow.js reports to Layerscope.",
        )
      : vscode.l10n.t("Auto Attach is off. Terminals that are open keep it until they are closed.");
    this.log.info(message);
    vscode.window.setStatusBarMessage(message, 8000);
  }

  private apply(): void {
    const preload = this.installPreload();
    const collection = this.context.environmentVariableCollection;
    collection.clear();
    collection.persistent = true;
    collection.description = new vscode.MarkdownString(
      vscode.l10n.t("Layerscope Auto Attach: records TensorFlow.js trainings that are started in this terminal."),
    );
    collection.prepend("NODE_OPTIONS", `--require ${quoted(preload)} `);
    const [first, ...others] = vscode.workspace.workspaceFolders ?? [];
    collection.replace(optionsVariable, JSON.stringify(this.options(first)));
    for (const workspaceFolder of others) {
      const scoped = collection.getScoped({ workspaceFolder });
      scoped.replace(optionsVariable, JSON.stringify(this.options(workspaceFolder)));
    }
  }

  private remove(): void {
    const collection = this.context.environmentVariableCollection;
    collection.clear();
    collection.description = undefined;
    for (const workspaceFolder of vscode.workspace.workspaceFolders ?? []) {
      collection.getScoped({ workspaceFolder }).clear();
    }
    // The copied files stay: a terminal that is still open names them in its NODE_OPTIONS.
  }

  private options(folder: vscode.WorkspaceFolder | undefined): BackendOptions {
    const settings = trainingSettings(folder?.uri);
    return {
      runs: folder === undefined ? join(this.context.globalStorageUri.fsPath, "runs") : runsFolderOf(folder),
      engine: settings.engine,
      budget: settings.budget,
      launch: null,
      claim: null,
      parent: null,
      fast: settings.fastBatchNorm,
      breakOnAnomaly: false,
      diskLimitBytes: settings.diskLimitMegabytes * megabyte,
    };
  }

  private get storage(): string {
    return join(this.context.globalStorageUri.fsPath, "preload");
  }

  private isCurrent(): boolean {
    try {
      return readFileSync(join(this.storage, versionFile), "utf8") === this.version;
    } catch {
      return false;
    }
  }

  private get version(): string {
    return String((this.context.extension.packageJSON as { version?: unknown }).version ?? "");
  }

  /** Each file is replaced by a rename, so that a process that starts meanwhile never reads half of one. */
  private installPreload(): string {
    const target = this.storage;
    const preload = join(target, preloadName);
    if (this.isCurrent() && this.context.extensionMode === vscode.ExtensionMode.Production) return preload;
    mkdirSync(target, { recursive: true });
    for (const part of preloadParts) {
      const source = this.context.asAbsolutePath(join("dist", part));
      if (!existsSync(source)) continue;
      const fresh = join(target, `${part}.new`);
      rmSync(fresh, { recursive: true, force: true });
      cpSync(source, fresh, { recursive: true });
      const place = join(target, part);
      if (part === "embedded") rmSync(place, { recursive: true, force: true });
      renameSync(fresh, place);
    }
    writeFileSync(join(target, versionFile), this.version);
    return preload;
  }

  private tell(): void {
    void vscode.commands.executeCommand("setContext", "layerscope.autoAttach", this.isOn);
  }
}

/** As Node wants it in NODE_OPTIONS: in quotes, with a backslash before quotes and backslashes. */
export function quoted(path: string): string {
  return /[\s"\\]/.test(path) ? `"${path.replace(/["\\]/g, "\\$&")}"` : path;
}
