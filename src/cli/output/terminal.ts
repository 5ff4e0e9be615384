import { ASCII, symbolsFor, type Symbols } from "./symbols";
import { renderLine, type Line } from "./text";

/** Where text goes: standard output or standard error. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Columns of the terminal; `undefined` when it is none. */
  readonly columns: number | undefined;
}

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Prints lines to an output in the way that output can show them. */
export class Terminal {
  readonly symbols: Symbols;
  readonly color: boolean;
  /** Whether a line can be rewritten in place. */
  readonly live: boolean;

  constructor(
    private readonly output: Output,
    env: Environment,
    options: { readonly noColor: boolean },
  ) {
    this.live = output.isTTY && env["TERM"] !== "dumb";
    this.color = !options.noColor && wantsColor(env, this.live);
    this.symbols = symbolsFor(env);
  }

  /** Columns that text may take; what is no terminal gets whole lines, so they can be searched. */
  get width(): number {
    if (!this.output.isTTY) return Number.POSITIVE_INFINITY;
    return Math.max(20, this.output.columns ?? 80);
  }

  print(...lines: readonly Line[]): void {
    if (lines.length === 0) return;
    this.output.write(lines.map((line) => `${this.render(line)}\n`).join(""));
  }

  /** Writes text as it is; for JSON and for what moves the cursor. */
  write(text: string): void {
    this.output.write(text);
  }

  render(line: Line): string {
    const text = renderLine(line, this.color);
    return this.symbols === ASCII ? asciiOnly(text) : text;
  }
}

/** FORCE_COLOR and NO_COLOR as Node.js reads them: the first wins, "0" and "false" mean none. */
function wantsColor(env: Environment, live: boolean): boolean {
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  return env["NO_COLOR"] ? false : live;
}

/** Our own sentences use a few characters beyond ASCII; names stay what they are. */
function asciiOnly(text: string): string {
  return text.replace(/[×→–−…]/g, (character) => ({ "×": "x", "→": "->", "…": "..." })[character] ?? "-");
}
