import type { HealthMapMessage } from "../../src/protocol/views.js";
import type { Theme } from "../shared/theme.js";
import { rampTable, toBytes } from "./colourRamp.js";
import { heldRow } from "./heldCells.js";

export interface MapRow {
  /** Row of the message. */
  readonly index: number;
  readonly layer: number;
}

export interface MapLayout {
  /** Rows that have at least one value. */
  readonly rows: readonly MapRow[];
  readonly rowHeightPx: number;
  readonly heightPx: number;
  /** Place for the names. */
  readonly gutterPx: number;
  readonly widthPx: number;
  readonly columns: number;
}

const namedRowPx = 11;
const tallestRowPx = 18;
const thinnestRowPx = 2;
/** A bar within a row is seen from this height on. */
const thinRowPx = 6;
const faint = 0.4;

/** As many rows as possible within `tallestPx`; thinner than readable names is fine, invisible is not. */
export function mapLayout(data: HealthMapMessage | null, widthPx: number, tallestPx: number): MapLayout {
  const rows: MapRow[] = [];
  if (data !== null) {
    data.layers.forEach((layer, index) => {
      const start = index * data.columns;
      for (let i = start; i < start + data.columns; i++) {
        if (!Number.isNaN(data.values[i])) {
          rows.push({ index, layer });
          return;
        }
      }
    });
  }
  const rowHeightPx = Math.min(tallestRowPx, Math.max(thinnestRowPx, Math.floor(tallestPx / Math.max(1, rows.length))));
  const gutterPx = rowHeightPx < namedRowPx ? 8 : Math.min(160, Math.max(70, widthPx * 0.24));
  return { rows, rowHeightPx, heightPx: rows.length * rowHeightPx, gutterPx, widthPx, columns: data?.columns ?? 1 };
}

/** Row and column under a point of the map; null beside it. */
export function cellAt(layout: MapLayout, xPx: number, yPx: number): { row: number; column: number } | null {
  const row = Math.floor(yPx / layout.rowHeightPx);
  const share = (xPx - layout.gutterPx) / (layout.widthPx - layout.gutterPx);
  if (row < 0 || row >= layout.rows.length || share >= 1) return null;
  return { row, column: Math.max(0, Math.floor(share * layout.columns)) };
}

export interface MapPicture {
  readonly data: HealthMapMessage;
  readonly layout: MapLayout;
  readonly scrollPx: number;
  readonly heightPx: number;
  /** Place on the colour scale, 0 … 1. */
  readonly toShare: (value: number) => number;
  readonly nameOf: (layer: number) => string;
  readonly selected: number | null;
  readonly cell: { readonly row: number; readonly column: number } | null;
  /** Step of the cursor that runs through all charts. */
  readonly cursor: number | null;
  readonly theme: Theme;
}

/** Paints the rows on screen: one image of a pixel per cell, stretched. */
export function paintMap(context: CanvasRenderingContext2D, picture: MapPicture): void {
  const { layout, scrollPx, heightPx } = picture;
  const first = Math.max(0, Math.floor(scrollPx / layout.rowHeightPx));
  const last = Math.min(layout.rows.length, Math.ceil((scrollPx + heightPx) / layout.rowHeightPx) + 1);
  if (last <= first || layout.columns === 0) return;
  const top = first * layout.rowHeightPx - scrollPx;
  const width = layout.widthPx - layout.gutterPx;
  context.imageSmoothingEnabled = false;
  const { data } = picture;
  const captured = cells(picture, first, last, (row) => data.values.subarray(row * data.columns));
  context.drawImage(captured, layout.gutterPx, top, width, (last - first) * layout.rowHeightPx);
  paintHeld(context, picture, first, last, top);
  paintNonfinite(context, picture, first, last, top);
  paintNames(context, picture, first, last, top);
  paintFocus(context, picture, scrollPx);
}

/** @param lineOf the values of a row of the message; NaN leaves the cell empty */
function cells(
  { data, layout, toShare, theme }: MapPicture,
  first: number,
  last: number,
  lineOf: (row: number) => Float64Array,
): OffscreenCanvas {
  const image = new ImageData(data.columns, last - first);
  const ramp = rampTable(theme);
  const bad = [...toBytes(theme.error), 255];
  for (let row = first; row < last; row++) {
    const line = lineOf(layout.rows[row]?.index ?? 0);
    for (let column = 0; column < data.columns; column++) {
      const raw = line[column] as number;
      if (Number.isNaN(raw)) continue;
      const at = ((row - first) * data.columns + column) * 4;
      if (!Number.isFinite(raw)) image.data.set(bad, at);
      else {
        const entry = Math.round(toShare(raw) * 255) * 4;
        image.data.set(ramp.subarray(entry, entry + 4), at);
      }
    }
  }
  const canvas = new OffscreenCanvas(data.columns, last - first);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

/** Between captures the last value goes on as a thin bar in its colour; in rows that are thin themselves, as a faint one. */
function paintHeld(context: CanvasRenderingContext2D, picture: MapPicture, first: number, last: number, top: number) {
  const { data, layout } = picture;
  const held = cells(picture, first, last, (row) => heldRow(data, row));
  const width = layout.widthPx - layout.gutterPx;
  const barPx = heldBarPx(layout.rowHeightPx);
  if (barPx === layout.rowHeightPx) context.globalAlpha = faint;
  for (let row = 0; row < last - first; row++) {
    const y = top + row * layout.rowHeightPx + (layout.rowHeightPx - barPx) / 2;
    context.drawImage(held, 0, row, data.columns, 1, layout.gutterPx, y, width, barPx);
  }
  context.globalAlpha = 1;
}

/** Height of the bar that stands for a value without a capture. */
export function heldBarPx(rowHeightPx: number): number {
  return rowHeightPx < thinRowPx ? rowHeightPx : Math.max(2, Math.round(rowHeightPx / 4));
}

/** A cross in the cell where NaN or Inf first appears in a row: not told by colour alone. */
function paintNonfinite(
  context: CanvasRenderingContext2D,
  picture: MapPicture,
  first: number,
  last: number,
  top: number,
) {
  const { data, layout, theme } = picture;
  const columnPx = (layout.widthPx - layout.gutterPx) / data.columns;
  context.strokeStyle = theme.background;
  context.lineWidth = 1.5;
  for (let row = first; row < last; row++) {
    const source = (layout.rows[row]?.index ?? 0) * data.columns;
    const line = data.values.subarray(source, source + data.columns);
    const column = line.indexOf(Number.POSITIVE_INFINITY);
    if (column < 0 || layout.rowHeightPx < 8) continue;
    const x = layout.gutterPx + (column + 0.5) * columnPx + 3;
    const y = top + (row - first + 0.5) * layout.rowHeightPx;
    context.beginPath();
    context.moveTo(x - 3, y - 3);
    context.lineTo(x + 3, y + 3);
    context.moveTo(x + 3, y - 3);
    context.lineTo(x - 3, y + 3);
    context.stroke();
  }
}

function paintNames(context: CanvasRenderingContext2D, picture: MapPicture, first: number, last: number, top: number) {
  const { layout, theme, nameOf, selected } = picture;
  if (layout.rowHeightPx < namedRowPx) return;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const size = Math.min(theme.fontSizePx * 0.85, layout.rowHeightPx - 1);
  for (let row = first; row < last; row++) {
    const layer = layout.rows[row]?.layer ?? -1;
    context.font = `${layer === selected ? "600 " : ""}${size}px ${theme.fontFamily}`;
    context.fillStyle = layer === selected ? theme.foreground : theme.muted;
    const y = top + (row - first + 0.5) * layout.rowHeightPx;
    context.fillText(shorten(context, nameOf(layer), layout.gutterPx - 8), layout.gutterPx - 6, y);
  }
}

/** Cuts in the middle: the ends of layer names tell them apart. */
function shorten(context: CanvasRenderingContext2D, name: string, widthPx: number): string {
  if (context.measureText(name).width <= widthPx) return name;
  const letters = [...name.slice(0, 80), ...(name.length > 80 ? name.slice(-40) : "")];
  for (let keep = letters.length - 1; keep > 2; keep--) {
    const head = Math.floor(keep / 3);
    const text = `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (keep - head)).join("")}`;
    if (context.measureText(text).width <= widthPx) return text;
  }
  return "…";
}

function paintFocus(context: CanvasRenderingContext2D, picture: MapPicture, scrollPx: number): void {
  const { layout, theme, cell, selected, data, cursor } = picture;
  context.lineWidth = 1;
  context.strokeStyle = theme.foreground;
  const width = layout.widthPx - layout.gutterPx;
  const place = layout.rows.findIndex(({ layer }) => layer === selected);
  if (place >= 0) {
    const y = place * layout.rowHeightPx - scrollPx;
    context.strokeRect(layout.gutterPx - 0.5, y - 0.5, width, layout.rowHeightPx + 1);
  }
  if (cursor !== null && cursor >= data.from && cursor <= data.to) {
    const x = layout.gutterPx + ((cursor - data.from) / Math.max(1, data.to - data.from)) * width;
    context.fillStyle = theme.foreground;
    context.fillRect(Math.round(x), 0, 1, picture.heightPx);
  }
  if (cell === null) return;
  const columnPx = width / data.columns;
  const x = layout.gutterPx + cell.column * columnPx;
  context.strokeRect(x - 1, cell.row * layout.rowHeightPx - scrollPx - 0.5, columnPx + 2, layout.rowHeightPx + 1);
}
