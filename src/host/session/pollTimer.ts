import { Disposable, type Release } from "../disposable.js";

/** For a live picture. */
const liveMs = 50;
/** After rows: the writer puts the tables of a step on disk one after the other. */
const afterRowsMs = 10;
/** Nobody looks: so often that a view which opens has little to catch up on. */
const unwatchedMs = 60_000;
const afterFailureMs = 2000;

/** When a run's rows are read next: as often as whoever watches wants it, else now and then. */
export class PollTimer extends Disposable {
  private readonly paces = new Map<symbol, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly poll: () => void) {
    super();
    this._register({ dispose: () => clearTimeout(this.timer) });
  }

  watch(everyMs = liveMs): Release {
    const isFaster = everyMs < this.paceMs;
    const key = Symbol();
    this.paces.set(key, everyMs);
    if (isFaster) this.now();
    return { dispose: () => this.paces.delete(key) };
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
    const { paceMs } = this;
    this.after(hadRows && paceMs === liveMs ? afterRowsMs : paceMs);
  }

  afterFailure(): void {
    this.after(afterFailureMs);
  }

  get isWatched(): boolean {
    return this.paces.size > 0;
  }

  private get paceMs(): number {
    return Math.min(unwatchedMs, ...this.paces.values());
  }

  private after(delayMs: number): void {
    this.timer = setTimeout(this.poll, delayMs);
  }
}
