/** Colours of the workbench, as strings that a canvas takes; read again whenever the theme changes. */

export type SeriesColour = "blue" | "orange" | "green" | "purple" | "red" | "yellow";

export interface Theme {
  readonly kind: "light" | "dark" | "highContrast" | "highContrastLight";
  readonly foreground: string;
  readonly muted: string;
  readonly background: string;
  readonly axis: string;
  readonly guide: string;
  readonly series: Readonly<Record<SeriesColour, string>>;
  readonly error: string;
  readonly warning: string;
  readonly fontFamily: string;
  readonly fontSizePx: number;
}

/** What a colour falls back to in a workbench that does not define it. */
const seriesFallbacks: Readonly<Record<SeriesColour, string>> = {
  blue: "#3794ff",
  orange: "#d18616",
  green: "#89d185",
  purple: "#b180d7",
  red: "#f14c4c",
  yellow: "#cca700",
};

export function readTheme(): Theme {
  const body = document.body;
  const styles = getComputedStyle(body);
  const read = (name: string, fallback: string) => styles.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const foreground = read("foreground", styles.color);
  const series = { ...seriesFallbacks };
  for (const colour of Object.keys(series) as SeriesColour[]) {
    series[colour] = read(`charts-${colour}`, seriesFallbacks[colour]);
  }
  return {
    kind: readKind(body.classList),
    foreground,
    muted: read("descriptionForeground", foreground),
    background: read("editor-background", styles.backgroundColor),
    axis: read("chart-axis", read("charts-lines", foreground)),
    guide: read("chart-guide", read("charts-lines", foreground)),
    series,
    error: read("editorError-foreground", series.red),
    warning: read("editorWarning-foreground", series.yellow),
    fontFamily: styles.fontFamily,
    fontSizePx: Number.parseFloat(styles.fontSize) || 13,
  };
}

export function isDark(theme: Theme): boolean {
  return theme.kind === "dark" || theme.kind === "highContrast";
}

export function isHighContrast(theme: Theme): boolean {
  return theme.kind === "highContrast" || theme.kind === "highContrastLight";
}

/** For numbers on axes. */
export function tickFont(theme: Theme): string {
  return `${Math.max(9, Math.round(theme.fontSizePx * 0.8))}px ${theme.fontFamily}`;
}

/** High contrast light carries both high-contrast classes. */
function readKind(classes: DOMTokenList): Theme["kind"] {
  if (classes.contains("vscode-high-contrast-light")) return "highContrastLight";
  if (classes.contains("vscode-high-contrast")) return "highContrast";
  return classes.contains("vscode-light") ? "light" : "dark";
}

/** The workbench sets theme variables on `<html style>` and the kind as a class of body, one after the other. */
export function onThemeChange(listener: () => void): void {
  let pending = false;
  const observer = new MutationObserver(() => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      listener();
    });
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "style"] });
}
