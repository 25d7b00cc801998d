import { basename } from "node:path";
import * as vscode from "vscode";
import type { RunFile } from "../../run/format.js";
import { Disposable } from "../disposable.js";
import { type Log, messageOf } from "../log.js";
import { isSwitchedOn } from "../settings.js";
import type { Launch, Launcher } from "./launcher.js";
import { scriptTarget } from "./scriptTarget.js";
import { asTrainDefinition } from "./trainTaskProvider.js";

const lastTrainingKey = "layerscope.lastTraining";

interface LastTraining {
  readonly script: string;
  readonly args: readonly string[] | undefined;
}

export interface EndedLaunch {
  readonly launch: string;
  readonly script: string;
  readonly exitCode: number | undefined;
}

/** Starts trainings as tasks and tells when their process has ended. */
export class Trainer extends Disposable {
  private readonly launched = this._register(new vscode.EventEmitter<Launch>());
  private readonly ended = this._register(new vscode.EventEmitter<EndedLaunch>());
  private readonly executions = new Map<string, vscode.TaskExecution>();
  readonly onDidLaunch = this.launched.event;
  readonly onDidEnd = this.ended.event;

  constructor(
    private readonly launcher: Launcher,
    private readonly memento: vscode.Memento,
    private readonly log: Log,
  ) {
    super();
    this._register(vscode.tasks.onDidStartTask(({ execution }) => this.remember(execution)));
    this._register(vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => this.forget(execution, exitCode)));
    for (const execution of vscode.tasks.taskExecutions) this.remember(execution);
    this.tellWhetherAgain();
  }

  async train(argument?: vscode.Uri): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t("In Restricted Mode nothing of this workspace is executed. Trust the workspace to train."),
      );
      return;
    }
    const target = await scriptTarget(argument);
    if (!target.ok) {
      this.log.report(target.message);
      return;
    }
    await this.start(target.path, undefined);
  }

  /** The shown run's script, else the last one, with the same arguments; settings are read afresh. */
  async trainAgain(shown: RunFile["script"] | undefined, fast = false): Promise<void> {
    const last =
      shown === undefined
        ? this.memento.get<LastTraining>(lastTrainingKey)
        : { script: shown.path, args: shown.arguments };
    if (last === undefined || !vscode.workspace.isTrusted) return this.train();
    const target = await scriptTarget(vscode.Uri.file(last.script));
    if (!target.ok) return this.log.report(target.message);
    await this.start(target.path, last.args, fast);
  }

  /** Ends the terminal's process of a launch whose run cannot be asked to stop. */
  terminate(launch: string): boolean {
    const execution = this.executions.get(launch);
    execution?.terminate();
    return execution !== undefined;
  }

  isRunning(launch: string | null): boolean {
    return launch !== null && this.executions.has(launch);
  }

  private async start(script: string, args: readonly string[] | undefined, fast = false): Promise<void> {
    const definition = this.launcher.newDefinition(script, args);
    const launch = await this.launcher.prepare(fast ? { ...definition, fast } : definition);
    if ("problem" in launch) return this.log.report(launch.problem);
    await this.memento.update(lastTrainingKey, { script, args } satisfies LastTraining);
    this.tellWhetherAgain();
    this.log.info(`Training ${script}, runs in ${launch.runsFolder}, launch ${launch.launch}`);
    this.launched.fire(launch);
    try {
      await vscode.tasks.executeTask(launch.task);
    } catch (thrown) {
      this.ended.fire({ launch: launch.launch, script, exitCode: undefined });
      this.log.report(vscode.l10n.t("{0} could not be started: {1}", basename(script), messageOf(thrown)), thrown);
      return;
    }
    if (isSwitchedOn("openDashboardOnTrain")) {
      await vscode.commands.executeCommand("layerscope.openDashboard", { preserveFocus: true });
    }
  }

  private remember(execution: vscode.TaskExecution): void {
    const launch = asTrainDefinition(execution.task.definition)?.launch;
    if (launch !== undefined) this.executions.set(launch, execution);
  }

  private forget(execution: vscode.TaskExecution, exitCode: number | undefined): void {
    const definition = asTrainDefinition(execution.task.definition);
    if (definition?.launch === undefined) return;
    this.executions.delete(definition.launch);
    this.log.info(`${definition.script} ended with exit code ${exitCode ?? "unknown"}`);
    this.ended.fire({ launch: definition.launch, script: definition.script, exitCode });
  }

  private tellWhetherAgain(): void {
    const known = this.memento.get<LastTraining>(lastTrainingKey) !== undefined;
    void vscode.commands.executeCommand("setContext", "layerscope.canTrainAgain", known);
  }
}
