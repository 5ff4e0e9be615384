import type { ThemeColors } from "../shared/themeColors";
import type { SeriesColor } from "./chartContent";

/** The colour of a line. */
export function seriesColor(colors: ThemeColors, color: SeriesColor): string {
  if (color === "reference") return colors.text;
  return typeof color === "number" ? (colors.palette[color % colors.palette.length] ?? colors.text) : colors[color];
}
