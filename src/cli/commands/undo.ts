import { plural } from "../../core/english";
import type { UndoResult } from "../../core/sanitize/plan";
import { COMMON_OPTIONS, EXIT, RESULT_OPTIONS, runWithProgress, type Command, type CommandContext } from "../command";
import { onlyFolder } from "../dataset";
import { line, span } from "../output/text";
import { bullet, firstOf, note, section, styleOf } from "../views/page";

/** Files that are named. */
const SHOWN = 20;

const OPTIONS = [...RESULT_OPTIONS.filter(({ name }) => name !== "json"), ...COMMON_OPTIONS];

export const undo: Command = {
  name: "undo",
  summary: "Remove a sanitized copy, or what an interrupted run left of it",
  usage: "DIR [options]",
  description: [
    "Removes just the files that sanitize wrote, as it wrote them, then the folders that are empty. Files that were added or " +
      "changed stay and are named; then the exit code is 1.",
  ],
  options: OPTIONS,
  examples: [{ command: "cleansplit undo data-sanitized", says: "" }],
  async run(context) {
    const folder = onlyFolder(context.args, context.process.cwd, "cleansplit undo data-sanitized");
    const result = await context.engine().undo({ folder }, runWithProgress(context));
    return tell(context, result, `${plural(result.files, "file")} removed from `, "added or changed since");
  },
};

export const restore: Command = {
  name: "restore",
  summary: "Put back what quarantine moved away",
  usage: "DIR [options]",
  description: [
    "Moves the images in a quarantine folder back to where they were, also when the move was interrupted. Where another file " +
      "is by now, the image stays in the quarantine and is named; then the exit code is 1.",
  ],
  options: OPTIONS,
  examples: [{ command: "cleansplit restore data-quarantine", says: "" }],
  async run(context) {
    const folder = onlyFolder(context.args, context.process.cwd, "cleansplit restore data-quarantine");
    const result = await context.engine().restore({ folder }, runWithProgress(context));
    return tell(context, result, `${plural(result.files, "image")} put back from `, "their places are taken");
  },
};

function tell({ out, progress }: CommandContext, result: UndoResult, did: string, why: string): number {
  progress.clear();
  const style = styleOf(out);
  out.print(line(did, span(result.folder, "accent")));
  if (result.kept.length === 0) return EXIT.ok;
  const { shown, more } = firstOf(result.kept, SHOWN);
  out.print(
    ...section("Left", `${plural(result.kept.length, "file")}: ${why}`, style),
    ...shown.flatMap((file) => bullet(file, style)),
    ...(more > 0 ? note(`and ${plural(more, "more file")}`, style) : []),
  );
  return EXIT.failed;
}
