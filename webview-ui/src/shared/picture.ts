import * as l10n from "@vscode/l10n";
import type { ThemeColors } from "./themeColors";

/** Width of what is drawn on a picture, in pixels of the page; there are {@link PICTURE_SCALE} times as many, for print. */
export const PICTURE_WIDTH = 900;
export const PICTURE_SCALE = 2;
/** Around everything that is drawn, and from one line of text to the next. */
export const PICTURE_EDGE = 24;
export const PICTURE_LINE = 20;

/** Browsers draw nothing on a canvas with a side of more than this, in its own pixels. */
const LARGEST_SIDE = 16_384;

/** One drawing of a picture, with the height that it takes. */
export interface Drawing {
  readonly height: number;
  /** Draws at `top`, from {@link PICTURE_EDGE} on {@link PICTURE_WIDTH} wide. */
  readonly draw: (context: CanvasRenderingContext2D, top: number) => void;
}

/** Drawings below each other under a title, as PNG on the background of the theme. What is too long for a picture is left out. */
export async function paintPicture(
  title: string,
  drawings: readonly Drawing[],
  colors: ThemeColors,
): Promise<Uint8Array> {
  const head = PICTURE_EDGE + 2 * PICTURE_LINE;
  const width = PICTURE_WIDTH + 2 * PICTURE_EDGE;
  let height = head;
  const tops = drawings.map((drawing) => (height += drawing.height) - drawing.height);
  const canvas = document.createElement("canvas");
  canvas.width = width * PICTURE_SCALE;
  canvas.height = Math.min(LARGEST_SIDE, height * PICTURE_SCALE);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error(l10n.t("This window cannot draw pictures."));
  context.scale(PICTURE_SCALE, PICTURE_SCALE);
  context.fillStyle = colors.background;
  context.fillRect(0, 0, width, height);
  writeLine(
    context,
    title,
    PICTURE_EDGE,
    PICTURE_EDGE + 14,
    `600 16px ${colors.font}`,
    colors.foreground,
    PICTURE_WIDTH,
  );
  drawings.forEach(({ draw }, index) => draw(context, tops[index] ?? 0));
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error(l10n.t("The picture could not be made."));
  return new Uint8Array(await blob.arrayBuffer());
}

/** Writes a line, cut off where it is wider than `most`, and answers how wide it is. */
export function writeLine(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  font: string,
  color: string,
  most = Infinity,
): number {
  context.font = font;
  context.fillStyle = color;
  const shown = fitting(context, text, most);
  context.fillText(shown, x, y);
  return context.measureText(shown).width;
}

/** As much of a text as fits, with an ellipsis where something is left out. */
function fitting(context: CanvasRenderingContext2D, text: string, most: number): string {
  if (context.measureText(text).width <= most) return text;
  const letters = Array.from(text);
  let [fits, least] = [0, letters.length];
  while (least - fits > 1) {
    const middle = Math.floor((fits + least) / 2);
    if (context.measureText(`${letters.slice(0, middle).join("")}…`).width <= most) fits = middle;
    else least = middle;
  }
  return `${letters.slice(0, fits).join("")}…`;
}
