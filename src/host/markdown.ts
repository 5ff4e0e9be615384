import { visible } from "../core/visible";

/** VS Code cuts Markdown off at 100,000 characters, which would break a picture in two. */
const MAX_CHARACTERS = 90_000;

/**
 * Text as Markdown that shows just that text, whatever it holds: names of files and classes come from anywhere. Every ASCII
 * character that is no letter or digit becomes a character reference, which is never markup (CommonMark 0.31.2, 2.5); marks that
 * nobody would see are spelled out, so that it stays on one line and runs in one direction.
 */
export function escapeMarkdown(text: string): string {
  return visible(text).replace(/[!-/:-@[-`{-~ ]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A picture to be put into Markdown. */
export interface MarkdownPicture {
  /** PNG bytes; empty when there is no picture. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Pictures side by side, as many as there is room for. The longer side of each is shown with at most `side` pixels; tiny pictures
 * are enlarged by a whole number. Answers `""` without any.
 */
export function picturesInMarkdown(pictures: readonly MarkdownPicture[], side: number): string {
  let room = MAX_CHARACTERS;
  const shown = pictures.flatMap(({ png, width, height }) => {
    if (png.length === 0 || width < 1 || height < 1) return [];
    const longer = Math.max(width, height);
    const scale = longer > side ? side / longer : Math.floor(side / longer);
    const size = `width=${Math.max(1, Math.round(width * scale))},height=${Math.max(1, Math.round(height * scale))}`;
    const text = `![](data:image/png;base64,${Buffer.from(png).toString("base64")}|${size})`;
    if (text.length > room) return [];
    room -= text.length;
    return [text];
  });
  return shown.join(" ");
}

/**
 * Pictures, as {@link picturesInMarkdown} made them, and paragraphs of lines of text below; empty ones are left out. The text is
 * escaped here, and of Markdown from elsewhere there is none, so that neither links, commands nor icons can be in it.
 */
export function withPictures(pictures: string, paragraphs: readonly (readonly string[])[]): string {
  const texts = paragraphs.map((lines) => lines.map(escapeMarkdown).join("  \n"));
  return [pictures, ...texts].filter((text) => text !== "").join("\n\n");
}
