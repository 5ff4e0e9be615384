import { statSync } from "node:fs";
import path from "node:path";
import { number, plural } from "../../core/english";
import { CleanSplitError } from "../../core/errors";
import { REPORT_FORMATS, type ReportFormat } from "../../core/leakage/reportFormat";
import { TIERS, type GroupPage, type GroupView, type Report, type Tier } from "../../core/leakage/report";
import { verdictOf } from "../../core/leakage/verdict";
import {
  COMMON_OPTIONS,
  countedOf,
  DATASET_OPTIONS,
  EXIT,
  inspectWithProgress,
  quickRun,
  runWithProgress,
  tierOptions,
  type Command,
  type CommandContext,
} from "../command";
import type { InspectionResult } from "../../engine/engine";
import { UsageError, type Arguments } from "../arguments";
import { datasetArguments, datasetRequest, suggestOut } from "../dataset";
import { openFile, openJson } from "../output/file";
import { line, span, type Line } from "../output/text";
import { groupsOf, pairsCsv } from "../pairs";
import { equalText, groupLines, inspectionLines, verdictLines } from "../views/inspectionView";
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
    "Reads every image of folders, archives, lists of images and array files, and reports images that occur in more than one split, " +
      "duplicates and near duplicates, equal images with different labels, and images that cannot be read. Nothing is changed.",
  ],
  options: [
    ...tierOptions(TIERS, "near"),
    { name: "pairs", value: "FILE", help: "Write every pair of duplicates that counts as CSV." },
    {
      name: "export",
      value: "FILE",
      multiple: true,
      help: "Write the report as FILE.html (one page for any browser), FILE.csv (tables) or FILE.json (with all groups). Repeatable.",
    },
    ...DATASET_OPTIONS,
    {
      name: "fail-on",
      value: "WHAT",
      multiple: true,
      help: `Exit with 1 when it occurs: ${CONDITIONS.join(", ")}. Repeatable, or separated by commas.`,
    },
    { name: "groups", value: "N", help: "List the N largest groups of the tier." },
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit inspect data/notMNIST", says: "what is wrong with it" },
    {
      command: "cleansplit inspect --split train=a.npz --split test=photos",
      says: "compare an array file with a folder",
    },
    {
      command: "cleansplit inspect data --threshold 6 --pairs pairs.csv",
      says: "only what is very near, pair by pair",
    },
    { command: "cleansplit inspect data --export report.html", says: "a page to hand in" },
    {
      command: "cleansplit inspect data --tier pixel --fail-on leakage,conflicts --json report.json",
      says: "in a pipeline, equal images alone",
    },
  ],
  async run(context) {
    const { args, process, out, err, progress, quiet } = context;
    const failOn = args.choices("fail-on", CONDITIONS) ?? [];
    const groups = args.integer("groups", 1, 100_000);
    const counted = countedOf(args, TIERS, "near");
    const request = datasetRequest(args, process.cwd);
    const pairsPath = args.text("pairs");
    if (pairsPath === "-") throw new UsageError("--pairs needs a file: standard output is for the report.");
    const writePairs = pairsPath === undefined ? undefined : await openFile(pairsPath, process.cwd, "pairs.csv");
    const exported = exportedFiles(args, process.cwd);
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);

    const found = await inspectWithProgress(context, request, counted);
    const { inspection, report } = found;
    const page = groups === undefined ? undefined : await readGroups(context, inspection, counted.tier, groups);
    await writePairs?.(pairsCsv(context, inspection, counted.tier));
    for (const file of exported) {
      const request = { inspection, ...file, overwrite: true, tier: counted.tier };
      await context.engine().exportReport(request, runWithProgress(context));
    }
    progress.clear();

    await json?.write(page === undefined ? report : { ...report, groups: page.groups });
    if (json?.isStdout !== true) {
      const style = styleOf(out);
      if (quiet) out.print(...verdictLines(report, counted.tier, style));
      else out.print(...inspectionLines(report, counted.tier, style));
      if (page !== undefined) out.print(...groupLines(page, report, counted.tier, style));
      if (!quiet) out.print(...(await nextLines(context, report)));
    }
    const failures: string[] = [];
    for (const condition of failOn) failures.push(...(await failure(context, condition, found, counted.tier)));
    for (const text of failures) err.print(line(span("Failed: ", "bad"), text));
    return failures.length > 0 ? EXIT.failed : EXIT.ok;
  },
};

/** The files of `--export`, whose endings say what they are; a mistake is told before the work starts. */
function exportedFiles(
  args: Arguments,
  cwd: string,
): readonly { readonly file: string; readonly format: ReportFormat }[] {
  return args.all("export").map((name) => {
    const ending = path.extname(name).slice(1).toLowerCase();
    const format = REPORT_FORMATS.find((known) => known === ending);
    if (format === undefined) {
      throw new UsageError(`--export ${name}: name a file that ends with .${REPORT_FORMATS.join(", .")}.`);
    }
    const file = path.resolve(cwd, name);
    if (statSync(path.dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new CleanSplitError(
        "not-found",
        `Cannot write ${name}: the folder ${path.dirname(file)} does not exist. Make it first, or name another file.`,
      );
    }
    return { file, format };
  });
}

async function readGroups(context: CommandContext, inspection: string, tier: Tier, most: number): Promise<GroupPage> {
  const groups: GroupView[] = [];
  for (;;) {
    const query = {
      tier,
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

/** Why a condition holds at a tier, in a sentence; empty when it does not. */
async function failure(
  context: CommandContext,
  condition: Condition,
  { inspection, report }: InspectionResult,
  tier: Tier,
): Promise<readonly string[]> {
  switch (condition) {
    case "leakage": {
      const leaks = report.leakage.some((entry) => entry.tier === tier && entry.samples > 0);
      return leaks ? [`leakage: ${verdictOf(report, tier === "file" ? "file" : "pixel").text}`] : [];
    }
    case "conflicts": {
      const equal = tier === "file" ? await conflictsOfFiles(context, inspection) : report.conflicts;
      const near = (tier === "near" ? report.near?.conflicts : undefined) ?? { groups: 0, samples: 0 };
      const texts = [
        ...(equal.groups > 0
          ? [
              `${plural(equal.groups, "group")} of ${equalText(tier === "file" ? "file" : "pixel")} (${plural(equal.samples, "image")})`,
            ]
          : []),
        ...(near.groups > 0
          ? [`${plural(near.groups, "group")} of similar images (${plural(near.samples, "image")})`]
          : []),
      ];
      return texts.length > 0 ? [`conflicts: ${texts.join(" and ")} with more than one label.`] : [];
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
      const { groups, samples, extra } = report.duplicates[tier] ?? report.duplicates.pixel;
      const text = `${plural(groups, "group")} of ${equalText(tier)}, ${plural(samples, "image")}, ${number(extra)} extra`;
      return groups > 0 ? [`duplicates: ${text}.`] : [];
    }
  }
}

/** Identical files with more than one label: a report counts those of equal images. */
async function conflictsOfFiles(
  context: CommandContext,
  inspection: string,
): Promise<{ groups: number; samples: number }> {
  const counts = { groups: 0, samples: 0 };
  for await (const { size } of groupsOf(context, inspection, { tier: "file", conflict: true })) {
    counts.groups += 1;
    counts.samples += size;
  }
  return counts;
}

/** What makes another command find the same near duplicates. */
function nearOptions(args: Arguments): string {
  const threshold = args.text("threshold");
  return `--tier near${threshold === undefined ? "" : ` --threshold=${threshold}`}`;
}

/** The exact commands that come next. */
async function nextLines({ args, process, out }: CommandContext, report: Report): Promise<readonly Line[]> {
  const style = styleOf(out);
  const dataset = datasetArguments(args, process.platform);
  const hasNear = (report.near?.pairs ?? 0) > 0;
  const isFaulty =
    hasNear ||
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
    ...(hasNear
      ? commandLines(
          `cleansplit sanitize ${dataset} --out ${target} ${nearOptions(args)}`,
          "similar images leave, too",
          style,
        )
      : []),
    ...(leaks && canTrain ? commandLines(`cleansplit train ${dataset}`, "what the leakage costs", style) : []),
  ];
}
