import { isAbsolute, join } from "node:path";
import * as vscode from "vscode";
import type { EngineChoice } from "../protocol/options.js";
import { defaultRuleSettings, type RuleSettings } from "../stats/rules/ruleSettings.js";

export const settingsSection = "layerscope";

/** The settings that shape a training, read where they are used so that a change holds from the next training on. */
export interface TrainingSettings {
  readonly nodePath: string;
  readonly engine: EngineChoice;
  readonly budget: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly diskLimitMegabytes: number;
  readonly fastBatchNorm: boolean;
}

export function trainingSettings(scope: vscode.Uri | undefined): TrainingSettings {
  const settings = vscode.workspace.getConfiguration(settingsSection, scope);
  return {
    nodePath: settings.get("nodePath", "").trim(),
    engine: settings.get<EngineChoice>("engine", "auto"),
    budget: settings.get("budget", "5"),
    arguments: settings.get<readonly string[]>("arguments", []),
    environment: settings.get<Readonly<Record<string, string>>>("environment", {}),
    workingFolder: settings.get("workingFolder", "").trim(),
    diskLimitMegabytes: settings.get("diskLimit", 2048),
    fastBatchNorm: settings.get("fastBatchNorm", false),
  };
}

export function isSwitchedOn(
  name: "openDashboardOnTrain" | "codeLens" | "decorations" | "problems",
  scope?: vscode.ConfigurationScope,
): boolean {
  return vscode.workspace.getConfiguration(settingsSection, scope).get(name, true);
}

/** Thresholds that differ from the defaults; what is no number, pair of numbers or list of ids is left out. */
export function ruleSettings(): Partial<RuleSettings> {
  const given = vscode.workspace.getConfiguration(settingsSection).get<Record<string, unknown>>("rules", {});
  const entries = Object.entries(given).filter(([name, value]) => {
    const standard: unknown = Object.entries(defaultRuleSettings).find(([known]) => known === name)?.[1];
    if (name === "disabled") return Array.isArray(value) && value.every((id) => typeof id === "string");
    if (Array.isArray(standard)) {
      return (
        Array.isArray(value) && value.length === standard.length && value.every((item) => typeof item === "number")
      );
    }
    return typeof standard === "number" && typeof value === "number";
  });
  return Object.fromEntries(entries);
}

/** Absolute folder that keeps the runs of a workspace folder. */
export function runsFolderOf(folder: vscode.WorkspaceFolder): string {
  const chosen = vscode.workspace.getConfiguration(settingsSection, folder.uri).get("runsFolder", "").trim();
  const path = chosen === "" ? join(".layerscope", "runs") : chosen;
  return isAbsolute(path) ? path : join(folder.uri.fsPath, path);
}

/** Every folder in which runs of this window are kept; scripts outside the workspace keep theirs beside them. */
export function allRunsFolders(): string[] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
  return [...new Set(folders.map(runsFolderOf))];
}
