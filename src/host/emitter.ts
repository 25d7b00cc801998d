import type { Release } from "./disposable.js";

/** Has the shape of VS Code's own events, so that both are listened to alike; needs no VS Code. */
export type Listenable<T> = (listener: (value: T) => void) => Release;

export class Emitter<T> {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event: Listenable<T> = (listener) => {
    const own = (value: T): void => listener(value);
    this.listeners.add(own);
    return { dispose: () => this.listeners.delete(own) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}
