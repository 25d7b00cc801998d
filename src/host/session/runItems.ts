import { basename } from "node:path";
import * as vscode from "vscode";
import type { RunLabel, RunStatus } from "../../run/format.js";
import { readRunLabel } from "../../run/runLabel.js";
import { runFamily, runTree } from "../../run/runTree.js";
import type { KnownRun } from "./runCatalogue.js";

const icons: Readonly<Record<RunStatus, string>> = {
  running: "pulse",
  completed: "check",
  failed: "error",
  stopped: "debug-stop",
  interrupted: "debug-disconnect",
};

export interface RunItem extends vscode.QuickPickItem {
  readonly known: KnownRun;
}

/** What a person calls a run. */
export function runName({ run }: Pick<KnownRun, "run">, label: RunLabel): string {
  return label.name ?? basename(run.script.path);
}

/** Runs as lines, those that a run's process started below it. */
export function runTreeItems(runs: readonly KnownRun[]): RunItem[] {
  return runTree(runs).map(({ entry, depth }) => treeItem(entry, depth));
}

/** The shown run, what started it and what it started; empty where it stands alone. */
export function familyItems(runs: readonly KnownRun[], folder: string): RunItem[] {
  const family = runFamily(runs, (known) => known.folder === folder);
  return family.length < 2 ? [] : family.map(({ entry, depth }) => treeItem(entry, depth));
}

function treeItem(known: KnownRun, depth: number): RunItem {
  const item = runItem(known);
  return depth === 0 ? item : { ...item, label: `${"\u2003".repeat(2 * depth - 1)}└ ${item.label}` };
}

/** One line of a list of runs; found by name, tag, argument, engine and folder. */
export function runItem(known: KnownRun): RunItem {
  const { folder, run, status } = known;
  const label = readRunLabel(folder);
  const kept = label.isKept ? " $(pinned)" : "";
  const script = label.name === null ? "" : basename(run.script.path);
  const tags = label.tags.map((tag) => `#${tag}`).join(" ");
  const steps = vscode.l10n.t("{0} steps, {1}", run.steps, new Date(run.startedAt).toLocaleString());
  return {
    known,
    label: `$(${icons[status]}) ${runName(known, label)}${kept}`,
    description: [script, tags, steps].filter((part) => part !== "").join(" · "),
    detail: [run.script.arguments.join(" "), run.engine?.name ?? "", folder].filter((part) => part !== "").join(" · "),
  };
}
