import type { GroupPage, GroupView, Report } from "../../core/leakage/report";
import { number, plural, verdictOf } from "../../core/leakage/verdict";
import {
  COMMON_OPTIONS,
  DATASET_OPTIONS,
  EXIT,
  inspectWithProgress,
  quickRun,
  type Command,
  type CommandContext,
} from "../command";
import { datasetArguments, datasetRequest, suggestOut } from "../dataset";
import { openJson } from "../json";
import { line, span, type Line } from "../output/text";
import { groupLines, inspectionLines, verdictLines } from "../views/inspectionView";
import { commandLines, section, styleOf } from "../views/page";

const CONDITIONS = ["leakage", "conflicts", "unreadable", "duplicates"] as const;
/** What `--fail-on` can watch for. */
export type Condition = (typeof CONDITIONS)[number];

const MEMBERS_SHOWN = 5;
const GROUP_PAGE = 500;

export const inspect: Command = {
  name: "inspect",
  summary: "Say whether a dataset can be trusted",
  usage: "PATH... [options]",
  description: [
    "Reads every image of folders, lists of images and array files, and reports images that occur in more than one split, " +
      "duplicates, equal images with different labels, and images that cannot be read. Nothing is changed.",
  ],
  options: [
    ...DATASET_OPTIONS,
    {
      name: "fail-on",
      value: "WHAT",
      multiple: true,
      help: `Exit with 1 when it occurs: ${CONDITIONS.join(", ")}. Repeatable, or separated by commas.`,
    },
    { name: "groups", value: "N", help: "List the N largest groups of equal images." },
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit inspect data/notMNIST", says: "what is wrong with it" },
    {
      command: "cleansplit inspect --split train=a.npz --split test=photos",
      says: "compare an array file with a folder",
    },
    { command: "cleansplit inspect data --fail-on leakage,conflicts --json report.json", says: "in a pipeline" },
  ],
  async run(context) {
    const { args, process, out, err, progress, quiet } = context;
    const failOn = args.choices("fail-on", CONDITIONS) ?? [];
    const groups = args.integer("groups", 1, 100_000);
    const request = datasetRequest(args, process.cwd);
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);

    const { inspection, report } = await inspectWithProgress(context, request);
    const page = groups === undefined ? undefined : await readGroups(context, inspection, groups);
    progress.clear();

    await json?.write(page === undefined ? report : { ...report, groups: page.groups });
    if (json?.isStdout !== true) {
      const style = styleOf(out);
      if (quiet) out.print(...verdictLines(report, style));
      else out.print(...inspectionLines(report, style));
      if (page !== undefined) out.print(...groupLines(page, style));
      if (!quiet) out.print(...(await nextLines(context, report)));
    }
    const failures = failOn.flatMap((condition) => failure(condition, report));
    for (const text of failures) err.print(line(span("Failed: ", "bad"), text));
    return failures.length > 0 ? EXIT.failed : EXIT.ok;
  },
};

async function readGroups(context: CommandContext, inspection: string, most: number): Promise<GroupPage> {
  const groups: GroupView[] = [];
  for (;;) {
    const query = {
      sort: "size",
      from: groups.length,
      count: Math.min(GROUP_PAGE, most - groups.length),
      membersEach: MEMBERS_SHOWN,
    } as const;
    const page = await context.engine().groups({ inspection, query }, quickRun(context));
    groups.push(...page.groups);
    if (page.groups.length === 0 || groups.length >= Math.min(most, page.total)) {
      return { total: page.total, from: 0, groups };
    }
  }
}

/** Why a condition holds, in a sentence; empty when it does not. */
function failure(condition: Condition, report: Report): readonly string[] {
  switch (condition) {
    case "leakage": {
      const leaks = report.leakage.some(({ tier, samples }) => tier === "pixel" && samples > 0);
      return leaks ? [`leakage: ${verdictOf(report).text}`] : [];
    }
    case "conflicts": {
      const { groups, samples } = report.conflicts;
      return groups > 0
        ? [
            `conflicts: ${plural(groups, "group")} of equal images (${plural(samples, "image")}) with more than one label.`,
          ]
        : [];
    }
    case "unreadable": {
      const [unreadable, invalid] = [report.unreadable.length, report.invalid.length];
      const texts = [
        unreadable > 0 ? plural(unreadable, "unreadable image") : "",
        invalid > 0 ? plural(invalid, "invalid row") : "",
      ].filter((text) => text !== "");
      return texts.length > 0 ? [`unreadable: ${texts.join(" and ")}.`] : [];
    }
    case "duplicates": {
      const { groups, samples, extra } = report.duplicates.pixel;
      return groups > 0
        ? [
            `duplicates: ${plural(groups, "group")} of equal images, ${plural(samples, "image")}, ${number(extra)} extra.`,
          ]
        : [];
    }
  }
}

/** The exact commands that come next. */
async function nextLines({ args, process, out }: CommandContext, report: Report): Promise<readonly Line[]> {
  const style = styleOf(out);
  const dataset = datasetArguments(args, process.platform);
  const isFaulty =
    report.duplicates.pixel.groups > 0 ||
    report.unreadable.length > 0 ||
    report.invalid.length > 0 ||
    report.conflicts.groups > 0;
  const roles = new Set(report.splits.map(({ role }) => role));
  const canTrain = roles.has("train") && roles.has("test") && report.classes.length > 1;
  if (!isFaulty) return [];
  const leaks = report.leakage.some(({ samples }) => samples > 0);
  const target = await suggestOut(args, process.cwd, process.platform);
  return [
    ...section("Next", "", style),
    ...commandLines(`cleansplit sanitize ${dataset} --out ${target}`, "", style),
    ...(leaks && canTrain ? commandLines(`cleansplit train ${dataset}`, "what the leakage costs", style) : []),
  ];
}
