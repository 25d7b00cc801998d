import { type SeriesColour, seriesColours } from "./seriesColours.js";

/** Colours of the workbench, as strings that a canvas takes; read again whenever the theme changes. */
export interface Theme {
  readonly kind: "light" | "dark" | "highContrast" | "highContrastLight";
  readonly foreground: string;
  readonly muted: string;
  readonly background: string;
  readonly guide: string;
  readonly series: Readonly<Record<SeriesColour, string>>;
  readonly error: string;
  readonly warning: string;
  readonly fontFamily: string;
  readonly fontSizePx: number;
}

export function readTheme(): Theme {
  const body = document.body;
  const styles = getComputedStyle(body);
  const read = (name: string, fallback: string) => styles.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const foreground = read("foreground", styles.color);
  const background = read("editor-background", styles.backgroundColor);
  const series = seriesColours((colour) => read(`charts-${colour}`, ""), background);
  const kind = readKind(body.classList);
  const guide = read("chart-guide", read("charts-lines", foreground));
  return {
    kind,
    foreground,
    muted: read("descriptionForeground", foreground),
    background,
    guide: kind.startsWith("highContrast") ? quieter(guide) : guide,
    series,
    error: read("editorError-foreground", series.red),
    warning: read("editorWarning-foreground", series.yellow),
    fontFamily: styles.fontFamily,
    fontSizePx: Number.parseFloat(styles.fontSize) || 13,
  };
}

/** In high contrast guides have the colour of borders: lines of the same strength as the data. */
function quieter(colour: string): string {
  return `color-mix(in srgb, ${colour} 40%, transparent)`;
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
