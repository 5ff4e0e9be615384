import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { number, plural } from "../../core/english";
import { CleanSplitError } from "../../core/errors";
import type { PlanOptions } from "../../core/sanitize/options";
import type { ApplyResult, PlanChange, PlanSummary, PolicyPreview } from "../../core/sanitize/plan";
import { plainChange } from "../../core/sanitize/planFile";
import { UsageError } from "../arguments";
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
  usesChoices,
  type Counted,
} from "../command";
import { datasetArguments, datasetRequest, quote } from "../dataset";
import { openFile, openJson } from "../output/file";
import { line, span, type Line } from "../output/text";
import { givenPlan, PLAN_OPTIONS, planOptions, type GivenPlan } from "../planOptions";
import { commandLines, note, section, styleOf } from "../views/page";
import { classLines, planLines, previewLines, writtenLines } from "../views/planView";

const CHANGE_PAGE = 500;
const TIERS = ["pixel", "near"] as const;
const TRANSFERS = ["copy", "reflink", "hardlink", "symlink", "index"] as const;

export const sanitize: Command = {
  name: "sanitize",
  summary: "Write a copy without leakage, duplicates and broken images",
  usage: "PATH... --out DIR [options]",
  description: [
    "Protects test first, then validation: what they share with train leaves train. Within a split one of each group " +
      "of equal images stays. Equal images with different labels leave altogether, as do unreadable images. --policy and " +
      "other options say otherwise. The source is never changed; the copy is verified after writing, and its manifest " +
      "names every image that left or moved, and why.",
  ],
  options: [
    { name: "out", value: "DIR", help: "New folder for the sanitized dataset, outside the source." },
    { name: "dry-run", help: "Show the plan and write nothing." },
    {
      name: "images",
      value: "HOW",
      help:
        "How images of folders come into the copy: copy (shares the blocks of the disk where it can; the default), reflink " +
        "(insists on that), hardlink, symlink (absolute; the copy needs the source), index (lists, no images).",
    },
    ...tierOptions(TIERS, "pixel"),
    ...PLAN_OPTIONS,
    ...DATASET_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit sanitize data/notMNIST --dry-run", says: "what would leave, and why" },
    { command: "cleansplit sanitize data/notMNIST --out data/notMNIST-sanitized", says: "write the copy" },
    { command: "cleansplit sanitize data --out data-sanitized --tier near", says: "without near duplicates either" },
    {
      command: "cleansplit sanitize photos --out photos-split --policy new-split --shares train=0.8,test=0.2",
      says: "divided anew, and equal images in one split",
    },
    { command: "cleansplit sanitize data --plan-out plan.json --conflicts ask", says: "a plan to read and edit" },
    { command: "cleansplit sanitize data --plan plan.json --out data-sanitized", says: "do what it says" },
  ],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const given = await givenPlan(args, process.cwd);
    const planOut = args.text("plan-out");
    if (planOut === "-") throw new UsageError("--plan-out needs a file: standard output is for the report.");
    const dryRun = args.has("dry-run") || (planOut !== undefined && args.text("out") === undefined);
    const target = args.text("out");
    const counted = given === undefined ? countedOf(args, TIERS, "pixel") : countedByPlan(given);
    const options = { ...planOptions(args), tier: counted.tier };
    const images = args.choice("images", TRANSFERS) ?? "copy";
    const request = datasetRequest(args, process.cwd);
    if (target === undefined && !dryRun) {
      throw new UsageError("Name the new folder with --out DIR, or see what would be done with --dry-run.");
    }
    const folder = target === undefined ? undefined : path.resolve(process.cwd, target);
    if (folder !== undefined && !dryRun && existsSync(folder)) {
      // The engine refuses it too, but only after the dataset was read.
      throw new CleanSplitError("refused", `${folder} exists already. Choose a new name; nothing is ever overwritten.`);
    }
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);
    const writePlan = planOut === undefined ? undefined : await openPlan(planOut, process.cwd);
    const prints = json?.isStdout !== true;
    const style = styleOf(out);

    const engine = context.engine();
    const { inspection } = await inspectWithProgress(context, request, counted);
    const choices = given === undefined && (await usesChoices(context, inspection));
    const plan = await planFor(context, { inspection, options, choices }, given);
    const previews =
      dryRun && given === undefined ? await engine.previews({ inspection, options, choices }, quickRun(context)) : [];
    const changes = json === undefined ? [] : await readChanges(context, plan.plan);
    await writePlan?.([await engine.planFile({ plan: plan.plan }, quickRun(context))]);
    progress.clear();
    if (prints && !quiet) out.print(...planLines(plan, style).slice(1));
    if (prints && !quiet && dryRun) out.print(...classLines(plan, style), ...previewLines(previews, style));
    if (!dryRun) assertDecided(plan);

    const result =
      dryRun || folder === undefined
        ? null
        : await engine.apply({ plan: plan.plan, out: folder, images }, runWithProgress(context));
    progress.clear();
    await json?.write(sanitizeJson(plan, previews, changes, result));
    if (!prints) return EXIT.ok;
    if (result === null) {
      out.print(...(quiet ? [] : section("Dry run", "", style)), ...dryRunLines(context, plan));
      return EXIT.ok;
    }
    if (quiet) {
      out.print(
        line(`${plural(result.samples, "image")} of ${number(plan.before)} written to `, span(result.folder, "accent")),
      );
      return EXIT.ok;
    }
    const copy = quote(target ?? result.folder, process.platform);
    out.print(
      ...writtenLines(result, style),
      ...section("Next", "", style),
      ...commandLines(
        `cleansplit inspect ${copy}${counted.tier === "near" ? "" : ` --tier ${counted.tier}`}`,
        "",
        style,
      ),
    );
    return EXIT.ok;
  },
};

/** Prepares the file of `--plan-out`. One that is there may hold a person's edits. */
async function openPlan(name: string, cwd: string): ReturnType<typeof openFile> {
  if (statSync(path.resolve(cwd, name), { throwIfNoEntry: false })?.isFile() === true) {
    throw new CleanSplitError(
      "refused",
      `${name} exists already, and may have been edited. Choose a new name for the plan.`,
    );
  }
  return openFile(name, cwd, "plan.json");
}

/** A plan file says what counts. */
function countedByPlan({ file }: GivenPlan): Counted & { tier: PlanOptions["tier"] } {
  return { tier: file.options.tier, threshold: file.near?.threshold ?? null };
}

async function planFor(
  context: CommandContext,
  asked: { readonly inspection: string; readonly options: Partial<PlanOptions>; readonly choices: boolean },
  given: GivenPlan | undefined,
): Promise<PlanSummary> {
  const engine = context.engine();
  return given === undefined
    ? engine.plan(asked, quickRun(context))
    : engine.readPlan({ inspection: asked.inspection, file: given.text }, quickRun(context));
}

function assertDecided({ undecided }: PlanSummary): void {
  if (undecided === 0) return;
  throw new CleanSplitError(
    "refused",
    `Nothing was written: ${plural(undecided, "image")} with contradicting labels ${undecided === 1 ? "waits" : "wait"} for your ` +
      'word. Write the plan with --plan-out FILE, say "stay", "leave" or "move" in place of each "ask", and use it with ' +
      "--plan FILE; or settle conflicts with --conflicts drop or --conflicts majority.",
  );
}

/** What was written of a plan that is not carried out, and how to go on with it. */
function dryRunLines({ args, out, process, quiet }: CommandContext, { undecided }: PlanSummary): readonly Line[] {
  const planOut = args.text("plan-out");
  const style = styleOf(out);
  if (planOut === undefined) {
    const howTo =
      undecided === 0 || quiet ? "" : " To decide about the images that wait for your word, add --plan-out FILE.";
    return note(`Nothing was written.${howTo}`, style, "plain");
  }
  const file = quote(planOut, process.platform);
  const written = line("  The plan was written to ", span(file, "accent"), ", and nothing else.");
  if (quiet) return [written];
  const edit =
    undecided === 0
      ? 'To change it, write "stay", "leave" or "move" for the action of an image, or remove or add entries.'
      : `Write "stay", "leave" or "move" for the action of the ${plural(undecided, "image")} that say "ask".`;
  const dataset = datasetArguments(args, process.platform);
  return [
    written,
    ...note(edit, style),
    ...commandLines(`cleansplit sanitize ${dataset} --plan ${file} --out DIR`, "to carry it out", style),
  ];
}

async function readChanges(context: CommandContext, plan: string): Promise<readonly PlanChange[]> {
  const changes: PlanChange[] = [];
  for (;;) {
    const request = { plan, from: changes.length, count: CHANGE_PAGE };
    const page = await context.engine().changes(request, quickRun(context));
    changes.push(...page.changes);
    if (page.changes.length === 0 || changes.length >= page.total) return changes;
  }
}

function sanitizeJson(
  plan: PlanSummary,
  previews: readonly PolicyPreview[],
  changes: readonly PlanChange[],
  result: ApplyResult | null,
): object {
  const { options, policy, splits, before, after, moved, undecided, edited, outputs } = plan;
  return {
    schema: "cleansplit/sanitize@1",
    plan: {
      ...{ options, policy, splits, before, after, moved, undecided, edited, outputs },
      changes: changes.map(plainChange),
    },
    previews,
    result,
  };
}
