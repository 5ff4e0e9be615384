import path from "node:path";
import { UsageError } from "../arguments";
import { COMMON_OPTIONS, EXIT, quickRun, type Command } from "../command";
import { quote } from "../dataset";
import { line, span } from "../output/text";
import { commandLines, section, styleOf } from "../views/page";

export const sample: Command = {
  name: "sample",
  summary: "Unpack the sample dataset, which has every fault planted",
  usage: "DIR",
  description: ["Unpacks a small dataset of letters in train, validation and test splits to try everything on."],
  options: COMMON_OPTIONS,
  examples: [{ command: "cleansplit sample cleansplit-sample", says: "then: cleansplit inspect cleansplit-sample" }],
  async run(context) {
    const { args, process, out } = context;
    const [into, ...others] = args.positionals;
    if (into === undefined)
      throw new UsageError(
        "Name the folder to unpack the sample dataset into, e.g. cleansplit sample cleansplit-sample.",
      );
    if (others.length > 0) throw new UsageError("Name one folder only.");
    const { folder } = await context.engine().sample({ into: path.resolve(process.cwd, into) }, quickRun(context));
    const relative = path.relative(process.cwd, folder);
    const shown = path.isAbsolute(into) || relative === "" ? folder : relative;
    out.print(
      line("The sample dataset is in ", span(shown, "accent")),
      ...section("Next", "", styleOf(out)),
      ...commandLines(`cleansplit inspect ${quote(shown, process.platform)}`, "", styleOf(out)),
    );
    return EXIT.ok;
  },
};
