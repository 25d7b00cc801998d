/** Asks at once (after a breath) when the user has changed something, else at most once an interval. */
export class Poller {
  private lastMs = Number.NEGATIVE_INFINITY;
  private timer: number | null = null;

  /** @param ask false: it could not be asked, so that the interval does not count */
  constructor(
    private readonly intervalMs: number,
    private readonly ask: () => boolean,
  ) {}

  now(): void {
    this.schedule(breathMs);
  }

  soon(): void {
    if (this.timer === null) this.schedule(Math.max(breathMs, this.lastMs + this.intervalMs - performance.now()));
  }

  private schedule(waitMs: number): void {
    if (this.timer !== null) window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.timer = null;
      if (this.ask()) this.lastMs = performance.now();
    }, waitMs);
  }
}

const breathMs = 100;
