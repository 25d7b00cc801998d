import { on } from "../shared/h.js";
import type { StepRange, Viewport } from "./viewport.js";

/** What input needs of the chart under it. */
export interface InputTarget {
  readonly plot: HTMLElement;
  /** Left and right edge of the drawn area, in px from the left of `plot`. */
  edges(): { readonly left: number; readonly right: number };
  /** The captured step nearest to `step`. */
  nearest(step: number): number;
  showSelection(fromPx: number | null, toPx: number): void;
  onPinned(): void;
}

const dragThresholdPx = 4;
const zoomPerWheelPx = 0.0025;

/** Hover moves the cursor, click pins it, drag selects a range, Ctrl/Cmd + wheel zooms, double-click resets. */
export function attachPointer(target: InputTarget, viewport: Viewport): void {
  const { plot } = target;
  let dragStartPx: number | null = null;
  let dragged = false;
  const pxOf = (event: MouseEvent) => event.clientX - plot.getBoundingClientRect().left;
  const stepOf = (px: number) => stepAt(px, target.edges(), viewport.shown);

  on(plot, "pointermove", (raw) => {
    const px = pxOf(raw as PointerEvent);
    if (dragStartPx !== null && (dragged || Math.abs(px - dragStartPx) > dragThresholdPx)) {
      dragged = true;
      target.showSelection(dragStartPx, px);
      return;
    }
    viewport.hover(target.nearest(stepOf(px)));
  });
  on(plot, "pointerleave", () => viewport.hover(null));
  on(plot, "pointerdown", (raw) => {
    const event = raw as PointerEvent;
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    dragStartPx = pxOf(event);
    dragged = false;
  });
  on(plot, "pointerup", (raw) => {
    const px = pxOf(raw as PointerEvent);
    if (dragStartPx === null) return;
    if (dragged) viewport.zoomTo({ from: stepOf(Math.min(dragStartPx, px)), to: stepOf(Math.max(dragStartPx, px)) });
    else {
      viewport.pin(target.nearest(stepOf(px)));
      target.onPinned();
    }
    dragStartPx = null;
    target.showSelection(null, 0);
  });
  on(plot, "pointercancel", () => {
    dragStartPx = null;
    target.showSelection(null, 0);
  });
  on(plot, "dblclick", () => viewport.goLive());
  on(
    plot,
    "wheel",
    (raw) => {
      const event = raw as WheelEvent;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        viewport.zoomBy(Math.exp(event.deltaY * zoomPerWheelPx), stepOf(pxOf(event)));
      } else if (event.shiftKey && viewport.range !== null) {
        event.preventDefault();
        const { from, to } = viewport.shown;
        const { left, right } = target.edges();
        viewport.panBy(((event.deltaX || event.deltaY) / (right - left)) * (to - from));
      }
    },
    { passive: false },
  );
}

/**
 * The same by keyboard. True when the key was one of ours.
 * @param move moves the cursor by captured steps
 */
export function handleKey(event: KeyboardEvent, viewport: Viewport, move: (steps: number) => void): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  const around = viewport.cursor ?? viewport.shown.to;
  switch (event.key) {
    case "ArrowLeft":
      move(event.shiftKey ? -10 : -1);
      return true;
    case "ArrowRight":
      move(event.shiftKey ? 10 : 1);
      return true;
    case "Home":
      viewport.pin(viewport.shown.from);
      return true;
    case "End":
      viewport.pin(viewport.shown.to);
      return true;
    case "+":
    case "=":
      viewport.zoomBy(0.5, around);
      return true;
    case "-":
      viewport.zoomBy(2, around);
      return true;
    case "0":
      viewport.zoomTo(null);
      return true;
    case "l":
    case "L":
    case "Escape":
      viewport.goLive();
      return true;
    default:
      return false;
  }
}

function stepAt(px: number, { left, right }: { left: number; right: number }, { from, to }: StepRange): number {
  const share = Math.min(1, Math.max(0, (px - left) / Math.max(1, right - left)));
  return from + share * (to - from);
}
