import { number } from "../../core/english";
import { progressText, RateMeter, type Rate } from "../../core/progress";
import type { Terminal } from "./terminal";
import { line, lineWidth, span, type Line } from "./text";
import { head } from "./width";

/** How far something is, in images unless there is a note, which is all that is shown while the total is unknown; `total` is 0 while unknown. */
export interface Step {
  readonly title: string;
  readonly done: number;
  readonly total: number;
  /** Behind the counts, e.g. the scores of an epoch. */
  readonly note?: string;
}

const HIDE_CURSOR = "\u001b[?25l";
/** Shows the cursor again; harmless when it is visible. */
export const SHOW_CURSOR = "\u001b[?25h";
const CLEAR_LINE = "\r\u001b[2K";

const BAR = 24;
/** Where a note follows. */
const SHORT_BAR = 12;
/** Where the terminal is narrow. */
const SHORTEST_BAR = 6;
/** The longest that follows the counts. */
const LONGEST_RATE = " · 100,000/s · 59 min 50 s left".length;
const REDRAW_MS = 100;
/** Where no line can be rewritten, a long step says this often that it is alive. */
const PLAIN_EVERY_MS = 10_000;

/**
 * Progress of long work: one line that is rewritten on a terminal, a plain line now and then elsewhere, nothing when
 * quiet. `clear` must be called at the end, also after a failure.
 */
export class ProgressLine {
  private readonly meter = new RateMeter();
  private title = "";
  private printed = 0;
  private drawn = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly quiet: boolean,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Shows how far the work is. */
  update(step: Step): void {
    if (this.quiet) return;
    const now = this.now();
    const isNew = step.title !== this.title;
    this.title = step.title;
    const rate = this.meter.update(step.title, step.done, step.total, now / 1000);
    const { live } = this.terminal;
    // Steps with a note are short, and a line is logged for each: where no line can be rewritten that is enough.
    const isDue = isNew ? live || step.note === undefined : now - this.printed >= (live ? REDRAW_MS : PLAIN_EVERY_MS);
    if (isNew) this.printed = now;
    if (!isDue && !(live && step.done === step.total)) return;
    this.printed = now;
    if (live) this.draw(this.barLine(step, rate));
    else this.terminal.print(plainLine(step, rate));
  }

  /** Prints a line that stays, above the progress. */
  log(lasting: Line): void {
    if (this.quiet) return;
    this.erase();
    this.terminal.print(lasting);
  }

  /** Removes the progress from the terminal and shows the cursor. */
  clear(): void {
    this.erase();
    this.title = "";
  }

  private draw(content: Line): void {
    const fitting = cutLine(content, this.terminal.width - 1);
    this.terminal.write(`${this.drawn ? "" : HIDE_CURSOR}${CLEAR_LINE}${this.terminal.render(fitting)}`);
    this.drawn = true;
  }

  private erase(): void {
    if (!this.drawn) return;
    this.terminal.write(CLEAR_LINE + SHOW_CURSOR);
    this.drawn = false;
  }

  private barLine(step: Step, rate: Rate | null): Line {
    const { symbols } = this.terminal;
    const title = step.title.padEnd(10);
    const text = progressText(step.done, step.total, rate);
    if (step.total === 0) return line(title, span(` ${step.note ?? text}`, "faint"));
    const share = Math.min(1, step.done / step.total);
    const length = step.note === undefined ? this.barLength(step.total) : SHORT_BAR;
    const full = Math.round(share * length);
    const bar = [span(symbols.barFull.repeat(full), "accent"), span(symbols.barEmpty.repeat(length - full), "faint")];
    if (step.note !== undefined) {
      const total = number(step.total);
      return line(
        title,
        " ",
        ...bar,
        ` ${number(step.done).padStart(total.length)}/${total}`,
        span(`  ${step.note}`, "faint"),
      );
    }
    const percent = ` ${String(Math.floor(share * 100)).padStart(3)} %`;
    return line(title, " ", ...bar, percent, span(`  ${text}`, "faint"));
  }

  /** Room for the longest text, so that the bar keeps its length while counts and rate change. */
  private barLength(total: number): number {
    const longest = `Comparing   100 %  ${number(total)} of ${number(total)} images`.length + LONGEST_RATE;
    return Math.min(BAR, Math.max(SHORTEST_BAR, this.terminal.width - 1 - longest));
  }
}

function plainLine({ title, done, total, note }: Step, rate: Rate | null): Line {
  if (note !== undefined && total === 0) return line(`${title}: ${note}`);
  if (note !== undefined) return line(`${title}: ${number(done)} of ${number(total)}, ${note}`);
  return line(`${title} ${progressText(done, total, rate)}`.trimEnd());
}

function cutLine(content: Line, width: number): Line {
  let room = width;
  return content.map((piece) => {
    const text = room >= lineWidth([piece]) ? piece.text : head(piece.text, Math.max(0, room));
    room -= lineWidth([piece]);
    return { ...piece, text };
  });
}
