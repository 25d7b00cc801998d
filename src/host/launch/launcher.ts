import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import type { Log } from "../log.js";
import { trainingSettings } from "../settings.js";
import { scrubbed } from "./environment.js";
import { type FoundNode, findNode, type NodeDiscovery, oldestNodeMajor } from "./nodeDiscovery.js";
import { runsPlace } from "./runsPlace.js";
import { type TrainDefinition, trainTask, trainTaskType } from "./trainTask.js";

/** A training that has been asked for; its run folder is found by `launch`. */
export interface Launch {
  readonly launch: string;
  readonly script: string;
  readonly runsFolder: string;
  readonly task: vscode.Task;
}

/** Turns a definition into a task that can be executed. Throws nothing: a reason is a value. */
export class Launcher {
  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: Log,
  ) {}

  newDefinition(script: string, args: readonly string[] | undefined): TrainDefinition {
    return {
      type: trainTaskType,
      script,
      ...(args === undefined ? {} : { args }),
      launch: randomUUID(),
    };
  }

  async prepare(definition: TrainDefinition, isTakenUp = false): Promise<Launch | { readonly problem: string }> {
    const scriptUri = vscode.Uri.file(definition.script);
    const workspaceFolder = vscode.workspace.getWorkspaceFolder(scriptUri);
    const settings = trainingSettings(scriptUri);
    const discovery = await this.discover(settings.nodePath);
    if (!discovery.ok) return { problem: discoveryMessage(discovery) };
    const place = runsPlace(definition.script, workspaceFolder, this.context.globalStorageUri);
    if (place.note !== null) this.log.warn(place.note);
    const cwd =
      definition.cwd ??
      (settings.workingFolder === ""
        ? (workspaceFolder?.uri.fsPath ?? dirname(definition.script))
        : settings.workingFolder);
    const task = trainTask(
      { ...definition, cwd },
      {
        node: discovery.node.path,
        cli: this.context.asAbsolutePath(join("dist", "cli.cjs")),
        runsFolder: place.folder,
        workspaceFolder,
      },
      settings,
      isTakenUp,
    );
    return { launch: definition.launch ?? "", script: definition.script, runsFolder: place.folder, task };
  }

  /** The user's Node, with what was tried in the log. */
  async discover(setting: string): Promise<NodeDiscovery> {
    const discovery = await findNode({
      setting,
      environment: scrubbed(process.env),
      platform: process.platform,
      retryAfterMs: 500,
      shellTimeoutMs: 10_000,
    });
    if (discovery.ok) this.log.info(`Node ${describeNode(discovery.node)}`);
    else for (const line of discovery.tried) this.log.warn(`Looking for Node: ${line}`);
    return discovery;
  }
}

function describeNode({ path, version, from }: FoundNode): string {
  return `${version} at ${path} (from ${from})`;
}

export function discoveryMessage(discovery: NodeDiscovery & { readonly ok: false }): string {
  const tried = discovery.tried.join("; ");
  switch (discovery.reason) {
    case "missing":
      return vscode.l10n.t(
        "No Node.js was found. Install Node {0} or newer, or name it in the setting layerscope.nodePath. Tried: {1}",
        oldestNodeMajor,
        tried,
      );
    case "tooOld":
      return vscode.l10n.t(
        "Got Node {0}, wanted {1} or newer: update Node.js, or name a newer one in the setting layerscope.nodePath. Tried: {2}",
        discovery.got,
        oldestNodeMajor,
        tried,
      );
    case "settingBroken":
      return vscode.l10n.t(
        "The setting layerscope.nodePath names {0}, which does not run. Correct it or leave it empty.",
        discovery.got,
      );
    default:
      return discovery.reason satisfies never;
  }
}
