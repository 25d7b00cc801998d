/** Draws what changed: everything in one animation frame, at most some twelve frames a second. */

export interface Drawable {
  draw(): void;
}

/** Shorter than the host's interval, so that a message which comes a little early does not wait a second time. */
const frameIntervalMs = 80;

export class FrameLoop {
  private readonly dirty = new Set<Drawable>();
  private scheduled = false;
  private lastFrameMs = Number.NEGATIVE_INFINITY;

  /** Script time of the newest frame; read by the fluid bench. */
  lastScriptMs = 0;

  request(item: Drawable): void {
    this.dirty.add(item);
    if (this.scheduled) return;
    this.scheduled = true;
    const waitMs = this.lastFrameMs + frameIntervalMs - performance.now();
    if (waitMs <= 0) requestAnimationFrame(this.run);
    else setTimeout(() => requestAnimationFrame(this.run), waitMs);
  }

  cancel(item: Drawable): void {
    this.dirty.delete(item);
  }

  private readonly run = (): void => {
    const startMs = performance.now();
    this.scheduled = false;
    this.lastFrameMs = startMs;
    const items = [...this.dirty];
    this.dirty.clear();
    for (const item of items) item.draw();
    this.lastScriptMs = performance.now() - startMs;
  };
}
