/** Characters that not every terminal has. */
export interface Symbols {
  readonly times: string;
  readonly arrow: string;
  readonly none: string;
  readonly check: string;
  readonly bullet: string;
  readonly ellipsis: string;
  readonly rule: string;
  readonly barFull: string;
  readonly barEmpty: string;
  readonly axisY: string;
  readonly axisX: string;
  readonly axisCorner: string;
  /** Marks of two series in a chart, and where both meet. */
  readonly first: string;
  readonly second: string;
  readonly both: string;
  /** Whether charts may draw lines in Braille patterns. */
  readonly braille: boolean;
}

export const UNICODE: Symbols = {
  times: "×",
  arrow: "→",
  none: "–",
  check: "✓",
  bullet: "•",
  ellipsis: "…",
  rule: "─",
  barFull: "█",
  barEmpty: "░",
  axisY: "│",
  axisX: "─",
  axisCorner: "└",
  first: "●",
  second: "○",
  both: "◉",
  braille: true,
};

export const ASCII: Symbols = {
  times: "x",
  arrow: "->",
  none: "-",
  check: "*",
  bullet: "*",
  ellipsis: "...",
  rule: "-",
  barFull: "#",
  barEmpty: ".",
  axisY: "|",
  axisX: "-",
  axisCorner: "+",
  first: "o",
  second: "x",
  both: "*",
  braille: false,
};

/**
 * The characters to use. Only a locale that names another encoding, or a terminal known to lack them, means ASCII: where
 * nothing is said, as in most containers and CI logs, UTF-8 is read correctly.
 */
export function symbolsFor(env: Readonly<Record<string, string | undefined>>): Symbols {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  const legacyTerminal = env["TERM"] === "linux" || env["TERM"] === "dumb";
  return legacyTerminal || (locale !== "" && !/utf-?8/i.test(locale)) ? ASCII : UNICODE;
}
