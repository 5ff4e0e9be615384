import path from "node:path";

/**
 * Makes text that names places within a dataset by their paths on this disk name them within the dataset. Paths are
 * recognised at the beginning of a word, so that what is relative already stays as it is.
 */
export function withoutPlaces(inputs: readonly string[]): (text: string) => string {
  const roots = inputs
    .map((input) => {
      const parent = path.dirname(input);
      return parent.endsWith(path.sep) ? parent : parent + path.sep;
    })
    // A folder within another one is the more exact of the two.
    .sort((a, b) => b.length - a.length);
  if (roots.length === 0) return (text) => text;
  const pattern = new RegExp(`(^|[\\s"'“‘(\`,=])(?:${[...new Set(roots)].map(escaped).join("|")})`, "gu");
  return (text) => text.replace(pattern, "$1");
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
