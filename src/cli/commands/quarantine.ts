import { plural } from "../../core/english";
import {
  COMMON_OPTIONS,
  countedOf,
  DATASET_OPTIONS,
  EXIT,
  inspectWithProgress,
  quickRun,
  runWithProgress,
  tierOptions,
  usesChoices,
  type Command,
} from "../command";
import { datasetRequest, quote } from "../dataset";
import { NO_CHOICES } from "../planOptions";
import { line, span } from "../output/text";
import { commandLines, section, styleOf } from "../views/page";
import { planLines } from "../views/planView";

const TIERS = ["pixel", "near"] as const;

export const quarantine: Command = {
  name: "quarantine",
  summary: "Move images that should leave into a folder beside the dataset",
  usage: "PATH --yes [options]",
  description: [
    "Changes the dataset in place: the images that would not be in a sanitized copy are moved into PATH-quarantine, in the same " +
      "folders. Without --yes the plan is shown and nothing is moved. restore puts everything back.",
  ],
  options: [
    { name: "yes", help: "Move the images." },
    ...tierOptions(TIERS, "pixel"),
    NO_CHOICES,
    ...DATASET_OPTIONS.filter(({ name }) => name !== "json"),
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit quarantine data", says: "what would be moved" },
    { command: "cleansplit quarantine data --yes", says: "move it" },
  ],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const counted = countedOf(args, TIERS, "pixel");
    const style = styleOf(out);
    const engine = context.engine();
    const { inspection } = await inspectWithProgress(context, datasetRequest(args, process.cwd), counted);
    const choices = await usesChoices(context, inspection);
    const plan = await engine.plan({ inspection, options: { tier: counted.tier }, choices }, quickRun(context));
    progress.clear();
    // What a copy would hold is not what is written here.
    if (!quiet) out.print(...planLines({ ...plan, outputs: [] }, style).slice(1));
    const leaving = plan.before - plan.after;
    if (leaving === 0) return EXIT.ok;
    if (!args.has("yes")) {
      out.print(line(`Nothing was moved. --yes moves ${plural(leaving, "image")} out of the dataset.`));
      return EXIT.ok;
    }
    const { folder, files } = await engine.quarantine({ plan: plan.plan }, runWithProgress(context));
    progress.clear();
    out.print(line(`${plural(files, "image")} moved to `, span(folder, "accent")));
    if (!quiet) {
      out.print(
        ...section("To put them back", "", style),
        ...commandLines(`cleansplit restore ${quote(folder, process.platform)}`, "", style),
      );
    }
    return EXIT.ok;
  },
};
