import type { ViewAction } from "../../src/protocol/views.js";
import type { ChartDesk } from "../charts/chartDesk.js";
import type { SectionStack } from "./sectionStack.js";
import { moreSmoothing } from "./smoothing.js";

/** A command of the palette, a key or a menu, on the chart or section that has the focus or on all charts. */
export function carryOut(action: ViewAction, desk: ChartDesk, sections: SectionStack, findLayer: () => void): void {
  const { viewport, current } = desk;
  const middle = viewport.cursor ?? (viewport.shown.from + viewport.shown.to) / 2;
  switch (action) {
    case "goLive":
      viewport.goLive();
      return;
    case "zoomIn":
      viewport.zoomBy(0.5, middle);
      return;
    case "zoomOut":
      viewport.zoomBy(2, middle);
      return;
    case "resetZoom":
      viewport.zoomTo(null);
      return;
    case "cursorBack":
      desk.moveCursor(current, -1);
      return;
    case "cursorForward":
      desk.moveCursor(current, 1);
      return;
    case "toggleLogarithmic":
      viewport.setScale({ logarithmic: !viewport.logarithmic });
      return;
    case "smoothMore":
      viewport.setScale({ smoothing: moreSmoothing(viewport.smoothing) });
      return;
    case "toggleOutliers":
      viewport.setScale({ robust: !viewport.robust });
      return;
    case "foldSection":
      sections.current?.toggle();
      return;
    case "moveSectionUp":
      sections.moveCurrent(-1);
      return;
    case "moveSectionDown":
      sections.moveCurrent(1);
      return;
    case "toggleTable":
      current?.toggleTable();
      return;
    case "copyChart":
      void current?.copyImage();
      return;
    case "saveChart":
      current?.saveImage();
      return;
    case "saveNumbers":
      current?.saveNumbers();
      return;
    case "findLayer":
      findLayer();
      return;
    default:
      action satisfies never;
  }
}
