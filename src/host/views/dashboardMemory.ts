import type * as vscode from "vscode";
import { Disposable } from "../disposable.js";

const stateKey = "layerscope.dashboardState";
const settleMs = 300;

/** What the dashboard's page remembers, kept outside of it too: for a page that takes the place of another one. */
export class DashboardMemory extends Disposable {
  private known: unknown;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly memento: vscode.Memento) {
    super();
    this.known = memento.get(stateKey);
    this._register({ dispose: () => clearTimeout(this.timer) });
  }

  get state(): unknown {
    return this.known;
  }

  set(state: unknown): void {
    this.known = state;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.memento.update(stateKey, this.known), settleMs);
  }
}
