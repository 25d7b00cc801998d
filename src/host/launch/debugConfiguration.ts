import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { type BackendOptions, optionsVariable } from "../../protocol/options.js";
import { Disposable } from "../disposable.js";
import { trainingSettings } from "../settings.js";
import { quoted } from "./autoAttach.js";
import { DebugFrames } from "./debugFrames.js";
import { parseOptIn } from "./debugOptIn.js";
import { runsPlace } from "./runsPlace.js";

const megabyte = 2 ** 20;

/** `"layerscope": true` in a launch configuration of type `node`: breakpoints and statistics together. */
export class DebugConfigurations extends Disposable implements vscode.DebugConfigurationProvider {
  constructor(private readonly context: vscode.ExtensionContext) {
    super();
    for (const type of ["node", "pwa-node"]) {
      this._register(vscode.debug.registerDebugConfigurationProvider(type, this));
    }
    const frames = new DebugFrames(context.asAbsolutePath("dist"));
    this._register(vscode.debug.registerDebugAdapterTrackerFactory("pwa-node", frames));
  }

  resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration {
    const optIn = parseOptIn(configuration.layerscope);
    if (optIn === null || configuration.request !== "launch" || !vscode.workspace.isTrusted) return configuration;
    const program = typeof configuration.program === "string" ? configuration.program : "";
    const settings = trainingSettings(folder?.uri);
    const cwd = typeof configuration.cwd === "string" ? configuration.cwd : (folder?.uri.fsPath ?? dirname(program));
    const place = runsPlace(program === "" ? join(cwd, "script") : program, folder, this.context.globalStorageUri);
    const options: BackendOptions = {
      runs: place.folder,
      engine: optIn.engine ?? settings.engine,
      budget: optIn.budget ?? settings.budget,
      launch: randomUUID(),
      claim: null,
      parent: null,
      fast: settings.fastBatchNorm,
      breakOnAnomaly: optIn.breakOnAnomaly,
      diskLimitBytes: settings.diskLimitMegabytes * megabyte,
    };
    const given = (configuration.env ?? {}) as Record<string, string | null>;
    const preload = this.context.asAbsolutePath(join("dist", "backend.cjs"));
    const nodeOptions = [`--require ${quoted(preload)}`, given.NODE_OPTIONS ?? process.env.NODE_OPTIONS ?? ""];
    return {
      ...configuration,
      env: {
        ...given,
        NODE_OPTIONS: nodeOptions.join(" ").trim(),
        [optionsVariable]: JSON.stringify(options),
      },
    };
  }
}
