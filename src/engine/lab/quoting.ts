/*
 * Names and labels come from datasets, and a dataset may come from anywhere. In what is exported they are text and nothing
 * else: no markup, no code, no characters that hide or reorder what stands around them.
 */

/** Control characters, line separators, bidirectional controls, invisible annotations, lone surrogates. */
const HOSTILE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

/** A value of JSON as a literal of Python. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  // Escapes of JSON strings are escapes of Python strings, too.
  if (typeof value === "string") return JSON.stringify(value).replace(HOSTILE, escaped);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([key, item]) => `${pythonLiteral(key)}: ${pythonLiteral(item)}`);
    return `{${entries.join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** A name in Markdown: a piece of code, in which nothing is markup, a link, a formula or HTML. */
export function markdownName(name: string): string {
  const text = name.replace(HOSTILE, escaped).trim();
  if (text === "") return "(no name)";
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

/** A sentence in Markdown that means itself. */
export function markdownText(sentence: string): string {
  return sentence
    .replace(/\s+/g, " ")
    .replace(HOSTILE, escaped)
    .replace(/[\\`*_[\]<>&#|$~]/g, "\\$&");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
