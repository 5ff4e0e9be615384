import { useEffect, useState } from "preact/hooks";

/** Colours of the theme as a canvas needs them: values, not variables. */
export interface ThemeColors {
  readonly original: string;
  readonly sanitized: string;
  /** One for each of several experiments; as many as can be compared. */
  readonly palette: readonly string[];
  readonly background: string;
  readonly foreground: string;
  readonly text: string;
  readonly grid: string;
  readonly tooltip: string;
  readonly tooltipText: string;
  readonly tooltipBorder: string;
  readonly font: string;
}

/** As in training.css. */
const PALETTE = ["charts-blue", "charts-orange", "charts-green", "charts-purple", "charts-red"] as const;

/** The colours of the theme as it is now. */
export function readColors(): ThemeColors {
  const style = getComputedStyle(document.body);
  const read = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== "") return value;
    }
    return style.color;
  };
  return {
    original: read("charts-yellow"),
    sanitized: read("charts-blue"),
    palette: PALETTE.map((name) => read(name)),
    background: read("editor-background"),
    foreground: read("foreground"),
    text: read("descriptionForeground", "foreground"),
    // Lines to read along, weaker than the lines of the data in every theme.
    grid: `color-mix(in srgb, ${read("foreground")} 16%, transparent)`,
    tooltip: read("editorHoverWidget-background", "editor-background"),
    tooltipText: read("editorHoverWidget-foreground", "foreground"),
    tooltipBorder: read("contrastBorder", "editorHoverWidget-border"),
    font: read("font-family"),
  };
}

/** The colours of the theme, and again whenever the theme changes. */
export function useThemeColors(): ThemeColors {
  const [colors, setColors] = useState(readColors);
  useEffect(() => {
    const observer = new MutationObserver(() =>
      setColors((last) => {
        const next = readColors();
        return JSON.stringify(next) === JSON.stringify(last) ? last : next;
      }),
    );
    // The kind of theme is a class of the body; two themes of one kind differ only in the variables of the root.
    observer.observe(document.body, { attributeFilter: ["class", "data-vscode-theme-id"] });
    observer.observe(document.documentElement, { attributeFilter: ["style"] });
    return () => observer.disconnect();
  }, []);
  return colors;
}
