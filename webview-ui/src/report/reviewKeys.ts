import * as l10n from "@vscode/l10n";

/** What keys do while groups are looked through. */
export type ReviewCommand =
  | "next"
  | "previous"
  | "next-undecided"
  | "previous-undecided"
  | "keep"
  | "keep-too"
  | "drop"
  | "keep-all"
  | "duplicates"
  | "different"
  | "forget"
  | "undo"
  | "redo"
  | "open"
  | "open-group"
  | "reveal"
  | "copy"
  | "select"
  | "select-all"
  | "select-none"
  | "zoom-in"
  | "zoom-out"
  | "zoom-whole"
  | "view"
  | "find"
  | "skip"
  | "swap"
  | "help";

/** A command, its keys, and in which part of the help it is. */
export interface KeyBinding {
  readonly command: ReviewCommand;
  /** The first one is shown on buttons. `Ctrl` is ⌘ on a Mac. Letters are those of the keyboard, whatever Shift does. */
  readonly keys: readonly string[];
  readonly part: "move" | "decide" | "look" | "select" | "pairs";
  /** What it does, in words. */
  readonly does: () => string;
}

/**
 * The keys of the gallery and of the dialogs that it opens: the one table that they, their tooltips and the help read. A
 * key means the same wherever it does something, and Shift turns what a letter does around: back instead of forth.
 */
export const REVIEW_KEYS: readonly KeyBinding[] = [
  { command: "next", keys: ["J"], part: "move", does: () => l10n.t("Go to the next group") },
  { command: "previous", keys: ["Shift+J"], part: "move", does: () => l10n.t("Go to the group before") },
  { command: "next-undecided", keys: ["U"], part: "move", does: () => l10n.t("Go to the next undecided group") },
  {
    command: "previous-undecided",
    keys: ["Shift+U"],
    part: "move",
    does: () => l10n.t("Go to the undecided group before"),
  },
  { command: "find", keys: ["/"], part: "move", does: () => l10n.t("Search file names") },
  {
    command: "keep",
    keys: ["K"],
    part: "decide",
    does: () => l10n.t("Keep this image instead of the others of its group; once more takes it back"),
  },
  {
    command: "keep-too",
    keys: ["Shift+K"],
    part: "decide",
    does: () => l10n.t("Keep this image as well; once more takes it back"),
  },
  { command: "drop", keys: ["D"], part: "decide", does: () => l10n.t("Drop this image; once more takes it back") },
  { command: "keep-all", keys: ["A"], part: "decide", does: () => l10n.t("Keep all images of the group") },
  { command: "different", keys: ["N"], part: "decide", does: () => l10n.t("Similar images are not duplicates") },
  { command: "forget", keys: ["F"], part: "decide", does: () => l10n.t("Forget what was said of the group") },
  { command: "undo", keys: ["Z", "Ctrl+Z"], part: "decide", does: () => l10n.t("Take back the last step") },
  {
    command: "redo",
    keys: ["Shift+Z", "Ctrl+Shift+Z", "Ctrl+Y"],
    part: "decide",
    does: () => l10n.t("Do again what was taken back"),
  },
  { command: "open", keys: ["Enter", "O"], part: "look", does: () => l10n.t("Open the image") },
  { command: "open-group", keys: ["G"], part: "look", does: () => l10n.t("Look at all images of the group") },
  { command: "reveal", keys: ["R"], part: "look", does: () => l10n.t("Reveal the image in the Explorer") },
  { command: "copy", keys: ["C"], part: "look", does: () => l10n.t("Copy the path of the image") },
  { command: "zoom-in", keys: ["+", "="], part: "look", does: () => l10n.t("Larger pictures") },
  { command: "zoom-out", keys: ["-"], part: "look", does: () => l10n.t("Smaller pictures") },
  { command: "help", keys: ["?"], part: "look", does: () => l10n.t("Show the keys") },
  { command: "select", keys: ["Space"], part: "select", does: () => l10n.t("Select or unselect the group") },
  {
    command: "select-all",
    keys: ["Ctrl+A"],
    part: "select",
    does: () => l10n.t("Select all groups that pass the filters"),
  },
  { command: "select-none", keys: ["Escape"], part: "select", does: () => l10n.t("Select nothing") },
  { command: "duplicates", keys: ["Y"], part: "pairs", does: () => l10n.t("The two pictures are duplicates") },
  { command: "skip", keys: ["S"], part: "pairs", does: () => l10n.t("Skip the pair") },
  {
    command: "view",
    keys: ["V"],
    part: "pairs",
    does: () => l10n.t("Show the pictures side by side, under a divider, or where they differ"),
  },
  { command: "zoom-whole", keys: ["0"], part: "pairs", does: () => l10n.t("Show the whole pictures") },
  { command: "swap", keys: ["X"], part: "pairs", does: () => l10n.t("Swap the two pictures") },
];

const COMMANDS: ReadonlyMap<string, ReviewCommand> = new Map(
  REVIEW_KEYS.flatMap(({ command, keys }) => keys.map((key) => [key, command] as const)),
);

/** The command of a key that was pressed; `null` when it has none here. */
export function commandOf(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">,
): ReviewCommand | null {
  if (event.altKey) return null;
  const { key } = event;
  const isLetter = /^[a-z]$/i.test(key);
  const name = isLetter ? key.toUpperCase() : key === " " ? "Space" : key;
  // Signs such as "?" are what Shift made of a key, wherever they are on the keyboard.
  const shift = event.shiftKey && (isLetter || name.length > 1) ? "Shift+" : "";
  const command = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  return COMMANDS.get(`${command}${shift}${name}`) ?? null;
}

/** The first key of a command as it is named on this keyboard, e.g. "Shift+K". */
export function keyOf(command: ReviewCommand): string {
  return keysOf(command)[0] ?? "";
}

/** All keys of a command as they are named on this keyboard. */
export function keysOf(command: ReviewCommand): readonly string[] {
  const isMac = navigator.platform.startsWith("Mac");
  const keys = REVIEW_KEYS.find((binding) => binding.command === command)?.keys ?? [];
  return keys.map((key) => nameOf(isMac ? key.replace("Ctrl+", "⌘").replace("Shift+", "⇧") : key));
}

/** Keys that have words on them, or are called by words. */
const NAMES: Readonly<Record<string, () => string>> = {
  Ctrl: () => l10n.t({ message: "Ctrl", comment: ["The Control key."] }),
  Shift: () => l10n.t({ message: "Shift", comment: ["The Shift key."] }),
  Enter: () => l10n.t("Enter"),
  Space: () => l10n.t("Space"),
  Escape: () => l10n.t("Escape"),
};

/** A key with those that are held down for it, in the language of the page. */
function nameOf(key: string): string {
  return key.length === 1
    ? key
    : key
        .split("+")
        .map((part) => NAMES[part]?.() ?? part)
        .join("+");
}
