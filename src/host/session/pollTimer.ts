import { Disposable, type Release } from "../disposable.js";

const watchedMs = 50;
/** After rows: the writer puts the tables of a step on disk one after the other. */
const afterRowsMs = 10;
const unwatchedMs = 1000;

/** When a run's folder is looked at next: often while somebody watches, else now and then. */
export class PollTimer extends Disposable {
  private watchers = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly poll: () => void) {
    super();
    this._register({ dispose: () => clearTimeout(this.timer) });
  }

  watch(): Release {
    this.watchers++;
    if (this.watchers === 1) this.now();
    let held = true;
    return {
      dispose: () => {
        if (held) this.watchers--;
        held = false;
      },
    };
  }

  /** Instead of at the next turn. */
  now(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.poll();
  }

  /** There is more to read than one look takes. */
  again(): void {
    this.after(0);
  }

  later(hadRows: boolean): void {
    const soon = hadRows ? afterRowsMs : watchedMs;
    this.after(this.watchers > 0 ? soon : unwatchedMs);
  }

  afterFailure(): void {
    this.after(unwatchedMs);
  }

  private after(delayMs: number): void {
    this.timer = setTimeout(this.poll, delayMs);
  }
}
