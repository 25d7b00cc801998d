import { cursorText, rangeText } from "../charts/axisText.js";
import type { Viewport } from "../charts/viewport.js";
import { Checkbox, Chooser } from "../shared/controls.js";
import { button, h, setText } from "../shared/h.js";
import { t } from "../shared/translate.js";
import { smoothingWeights } from "./smoothing.js";

/** Shown steps, the way back to live, zoom, scale and smoothing; holds for all charts. */
export class Toolbar {
  readonly element: HTMLElement;
  private readonly range = h("span", { class: "range" });
  private readonly live = h("button", { type: "button", class: "button live" });
  private readonly scale: Chooser<"linear" | "logarithmic">;
  private readonly smoothing: Chooser<string>;
  private readonly clip: Checkbox;

  constructor(
    private readonly viewport: Viewport,
    private readonly isRunning: () => boolean,
  ) {
    this.live.addEventListener("click", () => viewport.goLive());
    this.scale = new Chooser(t("scale"), (value) => viewport.setScale({ logarithmic: value === "logarithmic" }));
    this.smoothing = new Chooser(t("smoothing"), (value) => viewport.setScale({ smoothing: Number(value) }));
    const zoomIn = button(t("zoomIn"), () => viewport.zoomBy(0.5, this.middle), { class: "button" });
    const zoomOut = button(t("zoomOut"), () => viewport.zoomBy(2, this.middle), { class: "button" });
    zoomIn.textContent = "+";
    zoomOut.textContent = "−";
    zoomIn.setAttribute("aria-label", t("zoomIn"));
    zoomOut.setAttribute("aria-label", t("zoomOut"));
    this.clip = new Checkbox(t("clipOutliers"), (robust) => viewport.setScale({ robust }));
    this.element = h(
      "div",
      { class: "toolbar", role: "group", "aria-label": t("toolbar") },
      this.live,
      this.range,
      zoomIn,
      zoomOut,
      this.scale.element,
      this.smoothing.element,
      this.clip.element,
    );
    viewport.changes.listen((change) => {
      if (change !== "cursor") this.show();
    });
    this.show();
  }

  show(): void {
    const { viewport } = this;
    const { from, to } = viewport.shown;
    const running = this.isRunning();
    const { axis } = viewport;
    const cursor = viewport.pinned === null ? "" : ` · ${cursorText(axis, viewport.pinned)}`;
    setText(this.range, `${rangeText(axis, from, to)}${cursor}`);
    setText(this.live, viewport.isLive && running ? t("liveNow") : running ? t("goLive") : t("wholeRun"));
    this.live.classList.toggle("is-live", viewport.isLive && running);
    this.live.classList.toggle("primary", !viewport.isLive);
    this.live.disabled = viewport.isLive;
    this.scale.set(
      [
        { value: "linear", label: t("linear") },
        { value: "logarithmic", label: t("logarithmic") },
      ],
      viewport.logarithmic ? "logarithmic" : "linear",
    );
    const smoothings = smoothingWeights.map((value) => ({
      value: String(value),
      label: `${t("smoothing")}: ${value === 0 ? t("smoothingOff") : value}`,
    }));
    this.smoothing.set(smoothings, String(viewport.smoothing));
    this.smoothing.element.classList.toggle("is-on", viewport.smoothing > 0);
    this.clip.set(viewport.robust);
  }

  private get middle(): number {
    const { from, to } = this.viewport.shown;
    return this.viewport.cursor ?? (from + to) / 2;
  }
}
