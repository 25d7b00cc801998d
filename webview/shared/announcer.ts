import { h, setText } from "./h.js";

/** A polite live region: the newest sentence, at most one per interval, so that a screen reader is not flooded. */
export class Announcer {
  readonly element = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  private waiting: string | null = null;
  private timer: number | null = null;

  constructor(private readonly intervalMs = 1500) {}

  say(sentence: string): void {
    this.waiting = sentence;
    if (this.timer !== null) return;
    this.flush();
    this.timer = window.setInterval(() => this.flush(), this.intervalMs);
  }

  private flush(): void {
    if (this.waiting === null) {
      if (this.timer !== null) window.clearInterval(this.timer);
      this.timer = null;
      return;
    }
    setText(this.element, this.waiting);
    this.waiting = null;
  }
}
