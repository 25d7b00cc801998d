import type { Theme } from "../shared/theme.js";

export interface ImageText {
  readonly title: string;
  /** Run, layer, steps. */
  readonly subtitle: string;
  readonly legend: readonly { readonly text: string; readonly colour: string; readonly dash: readonly number[] }[];
}

const marginPx = 12;

/** The drawn canvas with title, run and legend around it, as a PNG in a data URL. */
export function chartImage(drawn: HTMLCanvasElement, text: ImageText, theme: Theme): string {
  const scale = drawn.width / Math.max(1, drawn.clientWidth || drawn.width);
  const lineHeight = theme.fontSizePx * 1.5;
  const width = drawn.width / scale + 2 * marginPx;
  const height = drawn.height / scale + 3 * lineHeight + 2 * marginPx;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  if (context === null)
    throw new Error("The chart was not copied: this browser gives no 2D canvas. Save the numbers as CSV.");
  context.scale(scale, scale);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "top";
  context.fillStyle = theme.foreground;
  context.font = `600 ${theme.fontSizePx}px ${theme.fontFamily}`;
  context.fillText(text.title, marginPx, marginPx, width - 2 * marginPx);
  context.font = `${theme.fontSizePx}px ${theme.fontFamily}`;
  context.fillStyle = theme.muted;
  context.fillText(text.subtitle, marginPx, marginPx + lineHeight, width - 2 * marginPx);
  drawLegend(context, text.legend, marginPx + 2 * lineHeight, lineHeight, theme);
  context.drawImage(drawn, marginPx, marginPx + 3 * lineHeight, drawn.width / scale, drawn.height / scale);
  return canvas.toDataURL("image/png");
}

function drawLegend(
  context: CanvasRenderingContext2D,
  legend: ImageText["legend"],
  top: number,
  lineHeight: number,
  theme: Theme,
): void {
  let x = marginPx;
  for (const { text, colour, dash } of legend) {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.setLineDash([...dash]);
    context.beginPath();
    context.moveTo(x, top + lineHeight / 3);
    context.lineTo(x + 22, top + lineHeight / 3);
    context.stroke();
    context.fillStyle = theme.foreground;
    context.fillText(text, x + 28, top);
    x += 28 + context.measureText(text).width + 16;
  }
  context.setLineDash([]);
}

/** False where the browser or the user does not let a page write images to the clipboard. */
export async function copyImage(dataUrl: string): Promise<boolean> {
  try {
    const bytes = Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
    return true;
  } catch {
    return false;
  }
}
