import * as vscode from "vscode";

/** Keys for `when` clauses; VS Code is told only what has changed. */
export class ContextKeys {
  private readonly known = new Map<string, boolean>();

  set(name: string, value: boolean): void {
    if (this.known.get(name) === value) return;
    this.known.set(name, value);
    void vscode.commands.executeCommand("setContext", `layerscope.${name}`, value);
  }
}
