import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import { launchVariable, takenUpVariable } from "../../protocol/options.js";
import type { TrainingSettings } from "../settings.js";

export const trainTaskType = "layerscope";

/** A training as a task of VS Code: a real terminal, kept over a window reload, with an exit code. */
export interface TrainDefinition extends vscode.TaskDefinition {
  readonly type: typeof trainTaskType;
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Fused BatchNorm; absent: as the setting says. */
  readonly fast?: boolean;
  /** Comes back as `launch` in run.json. */
  readonly launch?: string;
}

export interface TrainPlace {
  /** Absolute path of the Node that trains. */
  readonly node: string;
  readonly cli: string;
  readonly runsFolder: string;
  readonly workspaceFolder: vscode.WorkspaceFolder | undefined;
}

/** @param isTakenUp after a window reload: VS Code finds its terminal, or else would train once more */
export function trainTask(
  definition: TrainDefinition,
  place: TrainPlace,
  settings: TrainingSettings,
  isTakenUp: boolean,
): vscode.Task {
  const base = place.workspaceFolder?.uri.fsPath;
  const script =
    isAbsolute(definition.script) || base === undefined ? definition.script : join(base, definition.script);
  const args = [
    place.cli,
    "train",
    "--runs",
    place.runsFolder,
    "--engine",
    settings.engine,
    "--budget",
    settings.budget,
    "--node",
    place.node,
    "--disk-limit",
    String(settings.diskLimitMegabytes),
    ...((definition.fast ?? settings.fastBatchNorm) ? ["--fast"] : []),
    script,
    "--",
    ...(definition.args ?? settings.arguments),
  ];
  const environment = {
    ...settings.environment,
    ...definition.env,
    ...(definition.launch === undefined ? {} : { [launchVariable]: definition.launch }),
    ...(isTakenUp ? { [takenUpVariable]: new Date().toISOString() } : {}),
  };
  const execution = new vscode.ProcessExecution(place.node, args, {
    ...(definition.cwd === undefined ? {} : { cwd: definition.cwd }),
    env: environment,
  });
  const name = vscode.workspace.asRelativePath(script, false);
  const task = new vscode.Task(
    definition,
    place.workspaceFolder ?? vscode.TaskScope.Workspace,
    name,
    "Layerscope",
    execution,
    [],
  );
  // Only background tasks are taken up again after a window reload.
  task.isBackground = true;
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.Shared,
    echo: false,
    focus: false,
    clear: false,
    showReuseMessage: false,
  };
  return task;
}
