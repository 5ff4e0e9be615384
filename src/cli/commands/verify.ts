import { plural } from "../../core/english";
import type { VerifyResult } from "../../core/sanitize/plan";
import { COMMON_OPTIONS, EXIT, RESULT_OPTIONS, runWithProgress, type Command } from "../command";
import { onlyFolder } from "../dataset";
import { openJson } from "../output/file";
import { line, span, type Line } from "../output/text";
import type { TableStyle } from "../output/table";
import { bullet, firstOf, note, section, styleOf } from "../views/page";

/** Problems that are shown; all are in the JSON. */
const SHOWN = 20;

export const verify: Command = {
  name: "verify",
  summary: "Check that a sanitized copy is as it was written",
  usage: "DIR [options]",
  description: [
    "Reads every file of a folder that sanitize wrote and compares it with the certificate in it: what is missing, changed " +
      "or added is named. The folder may have been moved. Exit code 1 when something is not as it was written.",
  ],
  options: [...RESULT_OPTIONS, ...COMMON_OPTIONS],
  examples: [{ command: "cleansplit verify data-sanitized", says: "before a training, or after a transfer" }],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const folder = onlyFolder(args, process.cwd, "cleansplit verify data-sanitized");
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);
    const result = await context.engine().verify({ folder }, runWithProgress(context));
    progress.clear();
    await json?.write({ schema: "cleansplit/verification@1", ...result });
    if (json?.isStdout !== true) out.print(...resultLines(result, quiet, styleOf(out)));
    return result.ok ? EXIT.ok : EXIT.failed;
  },
};

function resultLines(result: VerifyResult, quiet: boolean, style: TableStyle): readonly Line[] {
  const { folder, ok, verified, problems } = result;
  const verdict = ok
    ? line(span(folder, "accent"), " is as it was written.")
    : line(span(folder, "accent"), ` is not as it was written: ${plural(problems.length, "problem")}.`);
  if (quiet) return [verdict];
  const { shown, more } = firstOf(problems, SHOWN);
  return [
    verdict,
    ...(ok ? [] : section("Problems", "", style)),
    ...shown.flatMap((text) => bullet(text, style, "bad", style.symbols.times)),
    ...(more > 0 ? note(`and ${plural(more, "more problem")}`, style) : []),
    ...verified.flatMap((text) => bullet(text, style, "good", style.symbols.check)),
  ];
}
