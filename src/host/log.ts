import * as vscode from "vscode";
import { Disposable } from "./disposable.js";

/** The one output channel, and the one way in which a fault reaches the user. */
export class Log extends Disposable {
  private readonly channel = this._register(vscode.window.createOutputChannel("Layerscope", { log: true }));
  private toastIsOpen = false;

  show(): void {
    this.channel.show(true);
  }

  info(message: string): void {
    this.channel.info(message);
  }

  warn(message: string): void {
    this.channel.warn(message);
  }

  /** To the log only. */
  error(message: string, cause?: unknown): void {
    this.channel.error(cause === undefined ? message : `${message}\n${describe(cause)}`);
  }

  /** To the log with its cause, and as a toast with `Show Log`; while one toast is open others only go to the log. */
  report(message: string, cause?: unknown): void {
    this.error(message, cause);
    if (!this.toastIsOpen) void this.toast(message);
  }

  private async toast(message: string): Promise<void> {
    this.toastIsOpen = true;
    const showLog = vscode.l10n.t("Show Log");
    const chosen = await vscode.window.showErrorMessage(message, showLog);
    this.toastIsOpen = false;
    if (chosen === showLog) this.show();
  }
}

/** Stack and causes of whatever was thrown. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.stack ?? thrown.message;
  return thrown.cause === undefined ? own : `${own}\nCaused by: ${describe(thrown.cause)}`;
}

/** First line of what was thrown, for a sentence. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split("\n", 1)[0] ?? text;
}
