export type SeriesColour = "blue" | "orange" | "green" | "purple" | "red" | "yellow";
type Bytes = readonly number[];

/** For a line or a symbol, by WCAG 2.2 (1.4.11). */
const leastContrast = 3;
const darkestLuminance = 0.18;

/** Where a workbench has no such colour, or one that cannot be seen: some are meant for areas behind text. */
const spare: Readonly<Record<SeriesColour, { readonly onDark: string; readonly onLight: string }>> = {
  blue: { onDark: "#3794ff", onLight: "#1a6fd4" },
  orange: { onDark: "#d18616", onLight: "#b26200" },
  green: { onDark: "#89d185", onLight: "#2d7d2d" },
  purple: { onDark: "#b180d7", onLight: "#652d90" },
  red: { onDark: "#f14c4c", onLight: "#c72e0f" },
  yellow: { onDark: "#cca700", onLight: "#7a6000" },
};

/**
 * Colours of lines that stand out from the background: the theme's own where they do.
 * @param own the theme's colour; empty where it has none
 */
export function seriesColours(
  own: (colour: SeriesColour) => string,
  background: string,
): Readonly<Record<SeriesColour, string>> {
  const ground = shownBytes(background, "transparent");
  const isDark = luminance(ground) < darkestLuminance;
  const names = Object.keys(spare) as SeriesColour[];
  const chosen = names.map((name) => {
    const wanted = own(name);
    const isSeen = wanted !== "" && contrast(shownBytes(background, wanted), ground) >= leastContrast;
    return [name, isSeen ? wanted : spare[name][isDark ? "onDark" : "onLight"]] as const;
  });
  return Object.fromEntries(chosen) as Record<SeriesColour, string>;
}

let sheet: CSSStyleSheet | null = null;

/** For what is drawn without a canvas: `--series-blue` and so on. */
export function publishSeriesColours(colours: Readonly<Record<SeriesColour, string>>): void {
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
  }
  const lines = Object.entries(colours).map(([name, colour]) => `--series-${name}: ${colour};`);
  sheet.replaceSync(`:root { ${lines.join(" ")} }`);
}

/** Contrast ratio by WCAG, 1 … 21; each colour as red, green, blue. */
export function contrast(a: Bytes, b: Bytes): number {
  const [high, low] = [luminance(a), luminance(b)].sort((one, other) => other - one) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Relative luminance by WCAG. */
function luminance(bytes: Bytes): number {
  const [red = 0, green = 0, blue = 0] = bytes.map((byte) => {
    const share = byte / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** What is seen of a colour that may be translucent. */
function shownBytes(background: string, colour: string): Bytes {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  if (context === null) return [0, 0, 0];
  for (const style of [background, colour]) {
    context.fillStyle = style;
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data];
}
