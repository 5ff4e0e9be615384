import { number } from "../../core/leakage/verdict";
import type { Terminal } from "./terminal";
import { line, lineWidth, span, type Line } from "./text";
import { head } from "./width";

/** How far something is; `total` is 0 while unknown. */
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
const REDRAW_MS = 80;
/** Where no line can be rewritten, a long step says this often that it is alive. */
const PLAIN_EVERY_MS = 10_000;

/**
 * Progress of long work: one line that is rewritten on a terminal, a plain line now and then elsewhere, nothing when
 * quiet. `clear` must be called at the end, also after a failure.
 */
export class ProgressLine {
  private title = "";
  private started = 0;
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
    if (isNew) {
      this.title = step.title;
      this.started = now;
    }
    const { live } = this.terminal;
    // Steps with a note are short, and a line is logged for each: where no line can be rewritten that is enough.
    const isDue = isNew ? live || step.note === undefined : now - this.printed >= (live ? REDRAW_MS : PLAIN_EVERY_MS);
    if (isNew) this.printed = now;
    if (!isDue && !(live && step.done === step.total)) return;
    this.printed = now;
    if (live) this.draw(this.barLine(step, (now - this.started) / 1000));
    else this.terminal.print(plainLine(step));
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

  private barLine(step: Step, seconds: number): Line {
    const { symbols } = this.terminal;
    const title = step.title.padEnd(10);
    if (step.total === 0) return line(title, span(step.done > 0 ? ` ${number(step.done)} found` : "", "faint"));
    const share = Math.min(1, step.done / step.total);
    const length = step.note === undefined ? BAR : SHORT_BAR;
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
    const rest = share > 0 && seconds > 3 ? `  ${durationText((seconds / share) * (1 - share))} left` : "";
    const percent = ` ${String(Math.floor(share * 100)).padStart(3)} %`;
    return line(title, " ", ...bar, percent, span(`  ${number(step.done)} of ${number(step.total)}${rest}`, "faint"));
  }
}

function plainLine(step: Step): Line {
  const counts =
    step.total > 0 ? `: ${number(step.done)} of ${number(step.total)}` : step.done > 0 ? `: ${number(step.done)}` : "";
  return line(`${step.title}${counts}${step.note === undefined ? "" : `, ${step.note}`}`);
}

function cutLine(content: Line, width: number): Line {
  let room = width;
  return content.map((piece) => {
    const text = room >= lineWidth([piece]) ? piece.text : head(piece.text, Math.max(0, room));
    room -= lineWidth([piece]);
    return { ...piece, text };
  });
}

/** A duration for reading: "8 s", "2 min 5 s". */
export function durationText(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
