import type { Drawable, FrameLoop } from "./frameLoop.js";
import { h, setAttributes } from "./h.js";
import { watchSize, watchVisibility } from "./visibility.js";

/** A canvas of the width of its place, painted in CSS pixels, only while it is on screen. */
export class CanvasPanel implements Drawable {
  readonly canvas = h("canvas", { "aria-hidden": "true" });
  readonly element = h("div", { class: "canvas-panel" }, this.canvas);
  visible = false;
  widthPx = 0;
  private heightPx = 0;

  constructor(
    private readonly frames: FrameLoop,
    private readonly paint: (context: CanvasRenderingContext2D, widthPx: number, heightPx: number) => void,
    private readonly onShown: () => void = () => undefined,
  ) {
    watchVisibility(this.element, (visible) => {
      this.visible = visible;
      if (visible) {
        this.request();
        this.onShown();
      }
    });
    watchSize(this.element, () => {
      if (this.element.clientWidth === this.widthPx) return;
      this.widthPx = this.element.clientWidth;
      this.request();
      if (this.visible) this.onShown();
    });
  }

  set height(heightPx: number) {
    this.heightPx = heightPx;
    this.canvas.style.height = `${heightPx}px`;
    this.request();
  }

  get height(): number {
    return this.heightPx;
  }

  set label(text: string) {
    setAttributes(this.canvas, { role: "img", "aria-label": text, "aria-hidden": null });
  }

  request(): void {
    if (this.visible) this.frames.request(this);
  }

  draw(): void {
    const context = this.canvas.getContext("2d");
    if (context === null || this.widthPx === 0 || this.heightPx === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.widthPx * ratio);
    const height = Math.round(this.heightPx * ratio);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.widthPx, this.heightPx);
    this.paint(context, this.widthPx, this.heightPx);
  }
}
