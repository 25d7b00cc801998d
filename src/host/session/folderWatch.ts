import { existsSync, type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { Disposable } from "../disposable.js";

const settleMs = 100;
const pollMs = 2000;

/**
 * Tells when something was made or removed directly in a folder that may not exist yet.
 * While it is missing its nearest ancestor is watched; where the system has no watches left it polls.
 */
export class FolderWatch extends Disposable {
  private watcher: FSWatcher | undefined;
  private watched = "";
  private timer: NodeJS.Timeout | undefined;
  private poll: NodeJS.Timeout | undefined;

  constructor(
    readonly folder: string,
    private readonly onChange: () => void,
  ) {
    super();
    this._register({ dispose: () => this.close() });
    this.attach();
  }

  private attach(): void {
    const target = nearestExisting(this.folder);
    if (this.isDisposed || (target === this.watched && this.watcher !== undefined)) return;
    this.watcher?.close();
    this.watched = target;
    try {
      this.watcher = watch(target, { persistent: false }, () => this.changed());
      this.watcher.on("error", () => this.fallBack());
    } catch {
      this.fallBack();
    }
  }

  private changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const wasComplete = this.watched === this.folder;
      this.attach();
      if (wasComplete || this.watched === this.folder) this.onChange();
    }, settleMs);
  }

  private fallBack(): void {
    this.watcher?.close();
    this.watcher = undefined;
    if (this.isDisposed) return;
    this.poll ??= setInterval(() => this.onChange(), pollMs);
  }

  private close(): void {
    this.watcher?.close();
    clearTimeout(this.timer);
    clearInterval(this.poll);
  }
}

function nearestExisting(folder: string): string {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  return existing;
}
