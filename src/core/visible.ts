// Marks that turn the direction of text or break its line: in a file name they can make one thing look like another.
const INVISIBLE = /[\u0000-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g;

/** A name as it can be shown: marks that nobody would see are spelled out. */
export function visible(name: string): string {
  return name.replace(INVISIBLE, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}
