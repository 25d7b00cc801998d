import { basename } from "node:path";
import * as vscode from "vscode";
import type { RunFile } from "../../run/format.js";
import type { RunCondition } from "./runState.js";

export interface StateSentence {
  readonly sentence: string;
  readonly action: { readonly label: string; readonly command: string } | null;
}

/** One sentence for where the run stands, and the next action. `run` null: there is none to show. */
export function stateSentence(condition: RunCondition, run: RunFile, steps: number): StateSentence {
  const script = basename(run.script.path);
  const { t } = vscode.l10n;
  switch (condition) {
    case "noTensorFlow":
      return { sentence: t("{0} is running; it has not used TensorFlow.js yet.", script), action: stop() };
    case "noStep":
      return { sentence: t("{0} is running; waiting for its first training step.", script), action: stop() };
    case "running":
      return { sentence: t("{0} is training, {1} steps so far.", script, steps), action: stop() };
    case "stalled":
      return {
        sentence: t("{0} is alive, but there has been no training step for a while (the last was {1}).", script, steps),
        action: stop(),
      };
    case "completed":
      return { sentence: t("{0} completed after {1} steps.", script, steps), action: again() };
    case "neverLoaded":
      return {
        sentence: t("{0} ended and never loaded TensorFlow.js, so there is nothing to show.", script),
        action: { label: t("Open Sample"), command: "layerscope.openSample" },
      };
    case "neverTrained":
      return {
        sentence: t(
          "{0} used TensorFlow.js and ended without a training step: call model.fit, or an optimizer's minimize or applyGradients.",
          script,
        ),
        action: again(),
      };
    case "failed":
      return { sentence: failure(script, run, steps), action: again() };
    case "stopped":
      return { sentence: t("{0} was stopped after {1} steps.", script, steps), action: again() };
    case "interrupted":
      return {
        sentence: t(
          "The process of {0} is gone without a word; all that it recorded, {1} steps, is here.",
          script,
          steps,
        ),
        action: again(),
      };
    default:
      return condition satisfies never;
  }
}

export function noRunSentence(): StateSentence {
  const { t } = vscode.l10n;
  return vscode.workspace.isTrusted
    ? {
        sentence: t("No run yet. Open a script that trains a TensorFlow.js model and press ▶, or try the sample."),
        action: { label: t("Open Sample"), command: "layerscope.openSample" },
      }
    : {
        sentence: t("In Restricted Mode nothing is executed; saved runs can be viewed."),
        action: openRunAction(),
      };
}

/** Between ▶ and the first sign of the process. */
export function startingSentence(script: string): StateSentence {
  return { sentence: vscode.l10n.t("Starting {0}…", basename(script)), action: null };
}

/** The process ended before it made a run folder. */
export function noFolderSentence(script: string, exitCode: number | undefined): StateSentence {
  return {
    sentence: vscode.l10n.t(
      "{0} ended (exit code {1}) before anything could be recorded; its terminal tells why.",
      basename(script),
      exitCode ?? "?",
    ),
    action: again(),
  };
}

function failure(script: string, run: RunFile, steps: number): string {
  const reason =
    run.error?.message.split("\n", 1)[0] || vscode.l10n.t("exit code {0}", run.exitCode ?? run.signal ?? "?");
  return steps === 0
    ? vscode.l10n.t("{0} failed before its first training step: {1}", script, reason)
    : vscode.l10n.t("{0} failed after {1} steps: {2}", script, steps, reason);
}

function stop(): StateSentence["action"] {
  return { label: vscode.l10n.t("Stop"), command: "layerscope.stop" };
}

function again(): StateSentence["action"] {
  return { label: vscode.l10n.t("Train Again"), command: "layerscope.trainAgain" };
}

/** Where there is nothing to do with this run. */
export function openRunAction(): NonNullable<StateSentence["action"]> {
  return { label: vscode.l10n.t("Open Run…"), command: "layerscope.openRun" };
}
