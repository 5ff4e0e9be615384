import { commandOf, type ReviewCommand } from "./reviewKeys";
import type { Comparing } from "./useComparing";

/** What keys do in a dialog that compares pictures, beside what they do to view and zoom. */
export interface DialogKeys {
  /** Goes to the next picture or pair, or to the one before. */
  readonly step: (by: 1 | -1) => void;
  readonly commands: Readonly<Partial<Record<ReviewCommand, () => void>>>;
}

/** Does what a key says in such a dialog; what it says nothing about stays with the browser. */
export function pressKey(event: KeyboardEvent, comparing: Comparing, keys: DialogKeys): void {
  // A field has keys of its own, and the view is chosen with arrows.
  if (event.target instanceof HTMLInputElement && /^Arrow|^Home$|^End$/.test(event.key)) return;
  // Enter and the space bar press the button that has the focus.
  if (event.key === "Enter" || event.key === " ") return;
  if (comparing.move(event) || stepped(event, keys) || commanded(event, comparing, keys)) event.preventDefault();
}

function stepped(event: KeyboardEvent, { step }: DialogKeys): boolean {
  const isArrow = event.key === "ArrowLeft" || event.key === "ArrowRight";
  if (!isArrow || event.ctrlKey || event.metaKey || event.altKey) return false;
  step(event.key === "ArrowLeft" ? -1 : 1);
  return true;
}

function commanded(event: KeyboardEvent, comparing: Comparing, { commands }: DialogKeys): boolean {
  const command = commandOf(event);
  if (comparing.run(command)) return true;
  const run = command === null ? undefined : commands[command];
  run?.();
  return run !== undefined;
}
