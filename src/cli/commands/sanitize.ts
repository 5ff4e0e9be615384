import { existsSync } from "node:fs";
import path from "node:path";
import { CleanSplitError } from "../../core/errors";
import type { ApplyResult, PlanSummary, Removal } from "../../core/sanitize/plan";
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
} from "../command";
import { datasetRequest, quote } from "../dataset";
import { openJson } from "../output/file";
import { line, span } from "../output/text";
import { number, plural } from "../../core/leakage/verdict";
import { commandLines, section, styleOf } from "../views/page";
import { planLines, writtenLines } from "../views/planView";

const REMOVAL_PAGE = 500;
const TIERS = ["pixel", "near"] as const;

export const sanitize: Command = {
  name: "sanitize",
  summary: "Write a copy without leakage, duplicates and broken images",
  usage: "PATH... --out DIR [options]",
  description: [
    "Protects test first, then validation: what they share with train leaves train. Within a split one of each group " +
      "of equal images stays. Equal images with different labels leave altogether, as do unreadable images. The source " +
      "is never changed; the copy is verified after writing, and its manifest names every image that left and why.",
  ],
  options: [
    { name: "out", value: "DIR", help: "New folder for the sanitized dataset, outside the source." },
    { name: "dry-run", help: "Show the plan and write nothing." },
    ...tierOptions(TIERS, "pixel"),
    ...DATASET_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit sanitize data/notMNIST --dry-run", says: "what would leave, and why" },
    { command: "cleansplit sanitize data/notMNIST --out data/notMNIST-sanitized", says: "write the copy" },
    { command: "cleansplit sanitize data --out data-sanitized --tier near", says: "without near duplicates either" },
  ],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const dryRun = args.has("dry-run");
    const target = args.text("out");
    const counted = countedOf(args, TIERS, "pixel");
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
    const prints = json?.isStdout !== true;
    const style = styleOf(out);

    const engine = context.engine();
    const { inspection } = await inspectWithProgress(context, request, counted);
    const plan = await engine.plan({ inspection, tier: counted.tier }, quickRun(context));
    const removals = json === undefined ? [] : await readRemovals(context, plan.plan);
    progress.clear();
    if (prints && !quiet) out.print(...planLines(plan, style).slice(1));

    const result =
      dryRun || folder === undefined
        ? null
        : await engine.apply({ plan: plan.plan, out: folder }, runWithProgress(context));
    progress.clear();
    await json?.write(sanitizeJson(plan, removals, result));
    if (!prints) return EXIT.ok;
    if (result === null) {
      out.print(...(quiet ? [] : section("Dry run", "", style)), line("  Nothing was written."));
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

async function readRemovals(context: CommandContext, plan: string): Promise<readonly Removal[]> {
  const removals: Removal[] = [];
  for (;;) {
    const request = { plan, from: removals.length, count: REMOVAL_PAGE };
    const page = await context.engine().removals(request, quickRun(context));
    removals.push(...page.removals);
    if (page.removals.length === 0 || removals.length >= page.total) return removals;
  }
}

function sanitizeJson(plan: PlanSummary, removals: readonly Removal[], result: ApplyResult | null): object {
  const { policy, splits, before, after, outputs } = plan;
  return {
    schema: "cleansplit/sanitize@1",
    plan: { policy, splits, before, after, outputs, removals: removals.map(plainRemoval) },
    result,
  };
}

/** A removal by names: indexes of samples mean nothing outside the inspection. */
function plainRemoval({ sample, reason, tier, twin, nearness, detail }: Removal): object {
  const { id, split, label } = sample;
  const near = nearness === null ? {} : { score: nearness.score, transform: nearness.transform };
  return { id, split, label, reason, tier, ...near, twin: twin?.id ?? null, detail };
}
