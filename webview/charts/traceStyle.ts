import type { SeriesColour } from "../shared/seriesColours.js";
import type { Theme } from "../shared/theme.js";

export type Marker = "circle" | "square" | "triangle" | "diamond";

/** Lines are told apart by dash and end marker as well as by colour. */
export interface TraceStyle {
  readonly colour: SeriesColour | "foreground" | "muted";
  readonly dash: readonly number[];
  readonly marker: Marker;
}

export const styles = {
  batch: { colour: "blue", dash: [], marker: "circle" },
  running: { colour: "orange", dash: [6, 3], marker: "square" },
  third: { colour: "green", dash: [2, 2], marker: "triangle" },
  fourth: { colour: "purple", dash: [8, 2, 2, 2], marker: "diamond" },
  fifth: { colour: "red", dash: [1, 3], marker: "circle" },
  sixth: { colour: "yellow", dash: [10, 4], marker: "square" },
  band: { colour: "blue", dash: [], marker: "circle" },
  chance: { colour: "muted", dash: [3, 3], marker: "diamond" },
} as const satisfies Record<string, TraceStyle>;

/** Styles for lines without a fixed meaning, in order. */
export const styleCycle: readonly TraceStyle[] = [
  styles.batch,
  styles.running,
  styles.third,
  styles.fourth,
  styles.fifth,
  styles.sixth,
];

/** One for each run of a comparison, the shown one first. */
export const runStyles: readonly TraceStyle[] = [
  ...styleCycle,
  { colour: "foreground", dash: [3, 1, 1, 1], marker: "triangle" },
  { colour: "muted", dash: [12, 3, 2, 3], marker: "diamond" },
];

export function colourOf(style: TraceStyle, theme: Theme): string {
  if (style.colour === "foreground") return theme.foreground;
  return style.colour === "muted" ? theme.muted : theme.series[style.colour];
}

/** Fills the path of a marker of about 7 px around (x, y). */
export function drawMarker(context: CanvasRenderingContext2D, marker: Marker, x: number, y: number): void {
  context.beginPath();
  if (marker === "circle") context.arc(x, y, 3, 0, 2 * Math.PI);
  else if (marker === "square") context.rect(x - 2.6, y - 2.6, 5.2, 5.2);
  else if (marker === "triangle") polygon(context, [x, y - 3.6, x + 3.4, y + 2.6, x - 3.4, y + 2.6]);
  else polygon(context, [x, y - 3.8, x + 3.8, y, x, y + 3.8, x - 3.8, y]);
  context.fill();
}

function polygon(context: CanvasRenderingContext2D, corners: readonly number[]): void {
  context.moveTo(corners[0] as number, corners[1] as number);
  for (let i = 2; i < corners.length; i += 2) context.lineTo(corners[i] as number, corners[i + 1] as number);
  context.closePath();
}
