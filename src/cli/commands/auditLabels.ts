import { CleanSplitError } from "../../core/errors";
import type { LabelAudit, LabelVerdict, Suspect } from "../../core/training/labelAudit";
import type { Tier } from "../../core/leakage/report";
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
import { csvRow } from "../../engine/exports/csv";
import { datasetArguments, datasetRequest, suggestOut } from "../dataset";
import { openFile, openJson } from "../output/file";
import { auditLines, auditSentenceLines, nextAuditLines } from "../views/auditView";
import { styleOf } from "../views/page";

const TIERS = ["pixel", "near"] as const satisfies readonly Tier[];

const PAGE = 500;
const SHOWN = 20;

/** What each of these options says of labels. */
const MARKS: readonly (readonly [option: string, verdict: LabelVerdict | null])[] = [
  ["wrong", "wrong"],
  ["right", "right"],
  ["forget", null],
];

const COLUMNS = [
  "id",
  "split",
  "label",
  "suggested",
  "probability_of_label",
  "probability_of_suggested",
  "duplicates",
  "conflicting",
  "verdict",
] as const;

export const auditLabels: Command = {
  name: "audit-labels",
  summary: "Find labels that are probably wrong",
  usage: "PATH... [options]",
  description: [
    "Predicts every labelled image by a model that was trained without it and its duplicates, and lists those whose label " +
      "looks wrong to it. Nothing is changed: what you say with --wrong and --right is kept in .cleansplit/labels.json, and " +
      "images with a wrong label leave sanitized copies.",
  ],
  options: [
    { name: "top", value: "N", help: `How many suspects are listed; ${SHOWN} by default.` },
    { name: "csv", value: "FILE", help: "Write all suspects as CSV." },
    { name: "wrong", value: "ID", multiple: true, help: "The label of this suspect is wrong. Repeatable." },
    { name: "right", value: "ID", multiple: true, help: "The label of this suspect is right. Repeatable." },
    { name: "forget", value: "ID", multiple: true, help: "Forget what was said of this suspect. Repeatable." },
    { name: "seed", value: "N", help: "Decides which images are left out together; 1 by default." },
    ...tierOptions(TIERS, "pixel"),
    ...DATASET_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit audit-labels data/notMNIST", says: "what to look at" },
    { command: "cleansplit audit-labels data --csv suspects.csv --top 100", says: "all of it, for a table" },
    { command: "cleansplit audit-labels data --wrong train/D/3.png", says: "this one leaves sanitized copies" },
  ],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const top = args.integer("top", 0, 1_000_000) ?? SHOWN;
    const seed = args.integer("seed", 0, 2 ** 32 - 1) ?? 1;
    const counted = countedOf(args, TIERS, "pixel");
    const request = datasetRequest(args, process.cwd);
    const csvPath = args.text("csv");
    if (csvPath === "-") throw new UsageError("--csv needs a file: standard output is for the report.");
    const writeCsv = csvPath === undefined ? undefined : await openFile(csvPath, process.cwd, "suspects.csv");
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);

    const { inspection } = await inspectWithProgress(context, request, counted);
    const found = await context.engine().auditLabels({ inspection, seed }, runWithProgress(context));
    const marked = await mark(context, found);
    await writeCsv?.(suspectsCsv(context, marked.audit));
    const { audit: _, ...told } = marked;
    const list = await firstSuspects(context, marked.audit, top);
    progress.clear();

    await json?.write({ ...told, list });
    if (json?.isStdout === true) return EXIT.ok;
    const style = styleOf(out);
    out.print(...(quiet ? auditSentenceLines(marked, style) : auditLines(marked, list, style)));
    if (!quiet) {
      const dataset = datasetArguments(args, process.platform);
      const target = await suggestOut(args, process.cwd, process.platform);
      out.print(...nextAuditLines(marked, { dataset, target }, style));
    }
    return EXIT.ok;
  },
};

/** Keeps what the options say of suspects. Answers the audit with what was said. */
async function mark(context: CommandContext, audit: LabelAudit): Promise<LabelAudit> {
  const { args } = context;
  const ids = MARKS.flatMap(([option]) => args.all(option));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new UsageError(`${twice} is marked twice. Say one thing of it.`);
  if (ids.length === 0) return audit;
  const samples = new Map<string, number>();
  for await (const { id, sample } of allSuspects(context, audit.audit)) {
    if (ids.includes(id)) samples.set(id, sample);
  }
  const missing = ids.find((id) => !samples.has(id));
  if (missing !== undefined) {
    throw new CleanSplitError(
      "not-found",
      `${missing} is no suspect of this audit; nothing was kept. Use the names that --csv writes.`,
    );
  }
  let marked = audit;
  for (const [option, verdict] of MARKS) {
    const chosen = args.all(option).flatMap((id) => samples.get(id) ?? []);
    if (chosen.length === 0) continue;
    const request = { audit: audit.audit, samples: chosen, verdict };
    marked = await context.engine().judgeLabels(request, quickRun(context));
  }
  return marked;
}

async function firstSuspects(context: CommandContext, audit: string, most: number): Promise<Suspect[]> {
  const found: Suspect[] = [];
  if (most === 0) return found;
  for await (const suspect of allSuspects(context, audit)) {
    found.push(suspect);
    if (found.length >= most) break;
  }
  return found;
}

/** Every suspect of an audit, the most probable first. */
async function* allSuspects(context: CommandContext, audit: string): AsyncGenerator<Suspect> {
  for (let from = 0; ;) {
    const query = { from, count: PAGE, split: null, label: null, onlyConflicting: false, onlyUnjudged: false };
    const page = await context.engine().suspects({ audit, query }, quickRun(context));
    yield* page.suspects;
    from += page.suspects.length;
    if (page.suspects.length === 0 || from >= page.total) return;
  }
}

async function* suspectsCsv(context: CommandContext, audit: string): AsyncGenerator<string> {
  yield csvRow(COLUMNS);
  for await (const suspect of allSuspects(context, audit)) {
    const { id, split, label, suggested, ofLabel, ofSuggested, duplicates, conflicting, verdict } = suspect;
    const numbers = [ofLabel.toPrecision(6), ofSuggested.toPrecision(6), String(duplicates), String(conflicting)];
    yield csvRow([id, split, label, suggested, ...numbers, verdict ?? ""]);
  }
}
