/** Where text begins and ends in its line, in UTF-16 code units. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** Text of a file that may name samples, and where the text that was pointed at is. */
export interface HoveredText extends Place {
  /** What may be names of samples: what was pointed at, or all that the entry of the line is about. */
  readonly names: readonly string[];
  /** What the entry of the line says of them, e.g. "different"; `null` when it says nothing that is known. */
  readonly said: string | null;
}

/** Longest line that is looked into from its beginning, longest text around the pointer, and longest entry that is read. */
const LONGEST_LINE = 4_000;
const REACH = 2_000;
const LONGEST_ENTRY = 200_000;

/** A path is no longer. */
const LONGEST_NAME = 4096;

/** Pictures of one decision that are shown. */
const MAX_NAMES = 4;

/** The JSON text that a line has at a column, and what its entry says; `null` when there is none. */
export function hoveredJson(line: string, column: number): HoveredText | null {
  const place = line.length > LONGEST_LINE ? textAround(line, column) : textAt(line, column);
  if (place === null) return null;
  const name = parsed(line.slice(place.start, place.end));
  return typeof name === "string" && isName(name) ? { ...place, ...entryOf(line, name) } : null;
}

function textAt(line: string, column: number): Place | null {
  for (const match of line.matchAll(/"(?:[^"\\]|\\.)*"/g)) {
    const end = match.index + match[0].length;
    if (match.index > column) return null;
    if (end > column) return { start: match.index, end };
  }
  return null;
}

/** In a long line: what lies between the nearest quotes, unless that is what stands between two texts. */
function textAround(line: string, column: number): Place | null {
  let start = column;
  while (start >= 0 && column - start < REACH && !isQuote(line, start)) start -= 1;
  let end = column + 1;
  while (end < line.length && end - column < REACH && !isQuote(line, end)) end += 1;
  const isText = isQuote(line, start) && isQuote(line, end) && !/^[\s,:[\]{}]*$/.test(line.slice(start + 1, end));
  return isText ? { start, end: end + 1 } : null;
}

/** Whether a quote stands at a place that no backslash takes its meaning from. */
function isQuote(line: string, at: number): boolean {
  let slashes = 0;
  while (line[at - 1 - slashes] === "\\" && slashes < REACH) slashes += 1;
  return line[at] === '"' && slashes % 2 === 0;
}

/** The cell of a line of CSV or TSV at a column; `null` when it is empty. */
export function hoveredCell(line: string, column: number): HoveredText | null {
  if (line.length > LONGEST_LINE) return null;
  for (const match of line.matchAll(/"((?:[^"]|"")*)"|[^,;\t"]+/g)) {
    const end = match.index + match[0].length;
    if (match.index > column) return null;
    if (end <= column) continue;
    const name = (match[1]?.replaceAll('""', '"') ?? match[0]).trim();
    return isName(name) ? { start: match.index, end, names: [name], said: null } : null;
  }
  return null;
}

/** Files of decisions hold one a line: pointing at any text of it asks about all that it is about. */
function entryOf(line: string, name: string): Pick<HoveredText, "names" | "said"> {
  const entry = line.length > LONGEST_ENTRY ? null : parsed(line.trim().replace(/,$/, ""));
  if (typeof entry !== "object" || entry === null) return { names: [name], said: null };
  const { ids, id, verdict, choice } = entry as Readonly<Record<string, unknown>>;
  const said = [verdict, choice].find((value) => typeof value === "string") ?? null;
  const listed = Array.isArray(ids)
    ? ids.filter((one) => typeof one === "string" && isName(one)).slice(0, MAX_NAMES)
    : [];
  if (listed.length > 0) return { names: listed as string[], said };
  return { names: typeof id === "string" && isName(id) && said !== null ? [id] : [name], said };
}

function isName(name: string): boolean {
  return name !== "" && name.length <= LONGEST_NAME;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
