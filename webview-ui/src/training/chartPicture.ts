import { Chart } from "chart.js";
import {
  paintPicture,
  PICTURE_EDGE,
  PICTURE_LINE,
  PICTURE_SCALE,
  PICTURE_WIDTH,
  writeLine,
  type Drawing,
} from "../shared/picture";
import type { ThemeColors } from "../shared/themeColors";
import type { ChartContent } from "./chartContent";
import { chartConfiguration } from "./LineChart";
import { seriesColor } from "./seriesColor";

/** Height of one chart. */
const HEIGHT = 380;

/** Charts below each other as one PNG, on the background of the theme, each with its title and its legend. */
export async function chartPicture(
  title: string,
  charts: readonly ChartContent[],
  colors: ThemeColors,
): Promise<Uint8Array> {
  const drawings = charts.map((chart): Drawing => ({
    height: HEIGHT + 3 * PICTURE_LINE + PICTURE_EDGE,
    draw: (context, top) => drawChart(context, chart, top, colors),
  }));
  return paintPicture(title, drawings, colors);
}

function drawChart(context: CanvasRenderingContext2D, content: ChartContent, top: number, colors: ThemeColors): void {
  writeLine(context, content.title, PICTURE_EDGE, top + 14, `600 13px ${colors.font}`, colors.foreground);
  let x = PICTURE_EDGE;
  for (const line of content.series) {
    if (line.faint === true) continue;
    context.strokeStyle = seriesColor(colors, line.color);
    context.lineWidth = 2;
    context.setLineDash(line.dashed ? [5, 4] : []);
    context.beginPath();
    context.moveTo(x, top + PICTURE_LINE + 10);
    context.lineTo(x + 18, top + PICTURE_LINE + 10);
    context.stroke();
    x += 24 + writeLine(context, line.label, x + 24, top + PICTURE_LINE + 14, `12px ${colors.font}`, colors.text) + 20;
  }
  context.setLineDash([]);

  const canvas = document.createElement("canvas");
  canvas.width = PICTURE_WIDTH;
  canvas.height = HEIGHT;
  const { type, data, options } = chartConfiguration(content, colors);
  const chart = new Chart(canvas, {
    type,
    data,
    options: { ...options, responsive: false, devicePixelRatio: PICTURE_SCALE },
  });
  context.drawImage(canvas, PICTURE_EDGE, top + 2 * PICTURE_LINE, PICTURE_WIDTH, HEIGHT);
  chart.destroy();
  if (content.note !== null) {
    const y = top + 2 * PICTURE_LINE + HEIGHT + 16;
    writeLine(context, content.note, PICTURE_EDGE, y, `12px ${colors.font}`, colors.text);
  }
}
