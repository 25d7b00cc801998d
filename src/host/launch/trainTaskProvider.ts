import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import type { Log } from "../log.js";
import type { Launcher } from "./launcher.js";
import { type TrainDefinition, trainTaskType } from "./trainTask.js";

/** Lets tasks.json hold trainings, and VS Code take a running one up again after a window reload. */
export class TrainTaskProvider implements vscode.TaskProvider {
  constructor(
    private readonly launcher: Launcher,
    private readonly log: Log,
  ) {}

  provideTasks(): vscode.Task[] {
    return [];
  }

  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const definition = asTrainDefinition(task.definition);
    if (definition === null || !vscode.workspace.isTrusted) return undefined;
    const script = absoluteScript(definition.script, task.scope);
    // Only a training that was started once has a launch; tasks.json has none.
    const prepared = await this.launcher.prepare({ ...definition, script }, definition.launch !== undefined);
    if ("problem" in prepared) {
      this.log.error(prepared.problem);
      return undefined;
    }
    // VS Code wants its own definition object back.
    const resolved = prepared.task;
    const own = new vscode.Task(
      task.definition,
      resolved.scope ?? vscode.TaskScope.Workspace,
      task.name,
      resolved.source,
      resolved.execution,
      [],
    );
    own.isBackground = true;
    own.presentationOptions = resolved.presentationOptions;
    return own;
  }
}

function absoluteScript(script: string, scope: vscode.Task["scope"]): string {
  if (isAbsolute(script)) return script;
  const folder = typeof scope === "object" ? scope : vscode.workspace.workspaceFolders?.[0];
  return folder === undefined ? script : join(folder.uri.fsPath, script);
}

export function asTrainDefinition(definition: vscode.TaskDefinition): TrainDefinition | null {
  if (definition.type !== trainTaskType || typeof definition.script !== "string") return null;
  return definition as TrainDefinition;
}
