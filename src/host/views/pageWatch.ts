import { Disposable } from "../disposable.js";

/** A page speaks within a second, on a busy machine within a few; one that could not is given more time. */
const patienceMs = [6_000, 20_000, 60_000] as const;

/**
 * Has a visible page made anew that does not say a word. In a browser, VS Code's frame around a page waits for ever where
 * its service worker began to serve between the frame's request and its script, as happens to the second of two
 * webviews that open together in a fresh profile, and gives up where the registration fails
 * (https://github.com/microsoft/vscode/issues/125993). New HTML waits in the same frame: only a new frame helps.
 */
export class PageWatch extends Disposable {
  private timer: NodeJS.Timeout | undefined;
  private remade = 0;

  constructor(private readonly remake: (afterMs: number) => void) {
    super();
    this._register({ dispose: () => this.rest() });
  }

  /** A page that the user sees is being loaded. */
  expect(): void {
    this.rest();
    const waitMs = patienceMs[this.remade];
    if (waitMs === undefined || this.isDisposed) return;
    this.timer = setTimeout(() => {
      this.remade++;
      this.remake(waitMs);
    }, waitMs);
  }

  /** The page has answered. */
  answered(): void {
    this.rest();
    this.remade = 0;
  }

  /** Nobody sees the page now. */
  rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
