import { basename } from "node:path";
import * as vscode from "vscode";
import type { RunHeader } from "../protocol/views.js";
import { Disposable } from "./disposable.js";
import { duration, shortNumber } from "./numbers.js";
import type { Sessions } from "./session/sessions.js";

const icons: Readonly<Record<RunHeader["state"], string>> = {
  none: "layers",
  waiting: "loading~spin",
  running: "pulse",
  stalled: "watch",
  completed: "check",
  failed: "error",
  stopped: "debug-stop",
  interrupted: "debug-disconnect",
};

/** One item: state, step, loss, engine, overhead. Hidden while there is no run. */
export class StatusBar extends Disposable {
  private readonly item = this._register(
    vscode.window.createStatusBarItem("layerscope.status", vscode.StatusBarAlignment.Left, 50),
  );

  constructor(private readonly sessions: Sessions) {
    super();
    this.item.name = "Layerscope";
    this.item.command = "layerscope.openDashboard";
    this._register(sessions.onDidChangeCurrent(() => this.update()));
    this._register(sessions.onDidChange(({ header }) => header && this.update()));
    this.update();
  }

  private update(): void {
    const header = this.sessions.header();
    if (header.state === "none" && header.run === null && this.sessions.starting === null) {
      this.item.hide();
      return;
    }
    const parts = [`$(${icons[header.state]})`, ...texts(header)];
    this.item.text = parts.join(" ");
    this.item.tooltip = tooltip(header);
    this.item.accessibilityInformation = { label: `Layerscope: ${header.sentence}`, role: "button" };
    this.item.backgroundColor =
      header.state === "failed" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.show();
  }
}

function texts({ run, loss, state }: RunHeader): string[] {
  if (run === null) return ["Layerscope"];
  const parts = [basename(run.script.path)];
  if (run.steps > 0) parts.push(vscode.l10n.t("step {0}", run.steps));
  if (loss !== null) parts.push(vscode.l10n.t("loss {0}", shortNumber(loss)));
  if (state === "running" && run.engine !== null)
    parts.push(run.engine.fast ? `${run.engine.name} $(zap)` : run.engine.name);
  if (state === "running" && run.overhead.percent !== null) parts.push(`+${shortNumber(run.overhead.percent)} %`);
  return parts;
}

function tooltip({ sentence, run, elapsedMs, remainingMs }: RunHeader): string {
  const lines = [sentence];
  if (run?.engine) lines.push(vscode.l10n.t("Engine {0}: {1}", run.engine.name, run.engine.reason));
  if (run?.overhead.percent != null) {
    lines.push(vscode.l10n.t("Statistics take {0} % of the step time.", shortNumber(run.overhead.percent)));
  }
  if (elapsedMs !== null) lines.push(vscode.l10n.t("Elapsed {0}", duration(elapsedMs)));
  if (remainingMs !== null) lines.push(vscode.l10n.t("About {0} left", duration(remainingMs)));
  lines.push(vscode.l10n.t("Click for the dashboard"));
  return lines.join("\n");
}
