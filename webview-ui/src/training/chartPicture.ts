import { Chart } from "chart.js";
import type { ChartContent } from "./chartContent";
import { chartConfiguration } from "./LineChart";
import { seriesColor, type ThemeColors } from "./themeColors";

/** Size of the picture of one chart, drawn twice as large for print. */
const WIDTH = 900;
const HEIGHT = 380;
const SCALE = 2;
const EDGE = 24;
const LINE = 20;

/** Charts below each other as one PNG, on the background of the theme, each with its title and its legend. */
export async function chartPicture(
  title: string,
  charts: readonly ChartContent[],
  colors: ThemeColors,
): Promise<Uint8Array> {
  const canvas = document.createElement("canvas");
  const block = HEIGHT + 3 * LINE + EDGE;
  const height = EDGE + 2 * LINE + charts.length * block;
  canvas.width = (WIDTH + 2 * EDGE) * SCALE;
  canvas.height = height * SCALE;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This window cannot draw pictures.");
  context.scale(SCALE, SCALE);
  context.fillStyle = colors.background;
  context.fillRect(0, 0, WIDTH + 2 * EDGE, height);
  write(context, title, EDGE, EDGE + 14, `600 16px ${colors.font}`, colors.foreground);
  charts.forEach((chart, index) => drawChart(context, chart, EDGE + 2 * LINE + index * block, colors));
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("The picture could not be made.");
  return new Uint8Array(await blob.arrayBuffer());
}

function drawChart(context: CanvasRenderingContext2D, content: ChartContent, top: number, colors: ThemeColors): void {
  write(context, content.title, EDGE, top + 14, `600 13px ${colors.font}`, colors.foreground);
  let x = EDGE;
  for (const line of content.series) {
    if (line.faint === true) continue;
    context.strokeStyle = seriesColor(colors, line.color);
    context.lineWidth = 2;
    context.setLineDash(line.dashed ? [5, 4] : []);
    context.beginPath();
    context.moveTo(x, top + LINE + 10);
    context.lineTo(x + 18, top + LINE + 10);
    context.stroke();
    x += 24 + write(context, line.label, x + 24, top + LINE + 14, `12px ${colors.font}`, colors.text) + 20;
  }
  context.setLineDash([]);

  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const { type, data, options } = chartConfiguration(content, colors);
  const chart = new Chart(canvas, {
    type,
    data,
    options: { ...options, responsive: false, devicePixelRatio: SCALE },
  });
  context.drawImage(canvas, EDGE, top + 2 * LINE, WIDTH, HEIGHT);
  chart.destroy();
  if (content.note !== null)
    write(context, content.note, EDGE, top + 2 * LINE + HEIGHT + 16, `12px ${colors.font}`, colors.text);
}

/** Writes a line and answers how wide it is. */
function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  font: string,
  color: string,
): number {
  context.font = font;
  context.fillStyle = color;
  context.fillText(text, x, y);
  return context.measureText(text).width;
}
