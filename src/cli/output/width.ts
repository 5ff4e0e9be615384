const SEGMENTER = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Blocks that terminals draw two columns wide: East Asian wide and full-width forms, and pictographs. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1b000, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
];

/** Columns the text takes in a terminal: combining marks take none, East Asian characters and emoji two. */
export function displayWidth(text: string): number {
  // Printable ASCII needs no segmentation, and is nearly every text.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of SEGMENTER.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (/^[\p{Mn}\p{Me}\p{Cf}]/u.test(grapheme)) return 0;
  // U+FE0F asks for the emoji form of a character that is text otherwise; two regional indicators are a flag.
  if (grapheme.includes("\ufe0f") || (code >= 0x1f1e6 && code <= 0x1f1ff)) return 2;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** The longest beginning of the text that takes at most `width` columns. */
export function head(text: string, width: number): string {
  let taken = 0;
  let end = 0;
  for (const { segment, index } of SEGMENTER.segment(text)) {
    taken += graphemeWidth(segment);
    if (taken > width) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

function firstGrapheme(text: string): string {
  for (const { segment } of SEGMENTER.segment(text)) return segment;
  return text;
}

/** The longest end of the text that takes at most `width` columns. */
function tail(text: string, width: number): string {
  let taken = 0;
  let start = text.length;
  for (const { segment, index } of [...SEGMENTER.segment(text)].reverse()) {
    taken += graphemeWidth(segment);
    if (taken > width) break;
    start = index;
  }
  return text.slice(start);
}

/** The text cut to `width` columns; the middle goes, because both ends of a path tell more. */
export function cutMiddle(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(ellipsis);
  if (room < 2) return head(text, width);
  const front = Math.floor(room / 3);
  return head(text, front) + ellipsis + tail(text, room - front);
}

/** The text in lines of at most `width` columns, broken at spaces where there are any. */
export function wrapText(text: string, width: number): readonly string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (displayWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (displayWidth(line) > width) {
      // At least one character a line, also where a wide character is wider than the column.
      const part = head(line, width) || firstGrapheme(line);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}
