import { statSync } from "node:fs";
import path from "node:path";
import type { DatasetRequest } from "../core/dataset/dataset";
import { number, plural } from "../core/english";
import type { Tier } from "../core/leakage/report";
import { phaseTitle, type Phase } from "../core/progress";
import { withCorrections } from "../engine/corrections";
import type { Engine, InspectionResult, Progress } from "../engine/engine";
import { UsageError, type Arguments, type OptionSpec } from "./arguments";
import type { ProgressLine } from "./output/progress";
import { line, paragraph } from "./output/text";
import type { Environment, Output, Terminal } from "./output/terminal";

/** Exit codes; scripts rely on them. */
export const EXIT = { ok: 0, failed: 1, error: 2 } as const;

/** Why a run stopped before its end, with the exit code shells expect: 128 and the number of the signal. */
export const INTERRUPTIONS = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;
export type Interruption = keyof typeof INTERRUPTIONS;

/** What the command line needs from its process. */
export interface CliProcess {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  readonly cwd: string;
  /** Aborted with an {@link Interruption} as its reason. */
  readonly signal: AbortSignal;
  readonly platform: string;
  /** Made when a command needs it, and closed when the command ends. */
  createEngine(options: { readonly workers?: number; readonly cache: boolean }): Engine;
}

/** What a command works with. */
export interface CommandContext {
  readonly args: Arguments;
  readonly process: CliProcess;
  /** Standard output; silent where standard output carries JSON. */
  readonly out: Terminal;
  /** Standard error. */
  readonly err: Terminal;
  readonly progress: ProgressLine;
  readonly quiet: boolean;
  /** The engine of this run, made at the first call. */
  engine(): Engine;
}

/** A command: what the help says about it and what it does. Answers the exit code. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What follows the name, e.g. `PATH... [options]`. */
  readonly usage: string;
  readonly description: readonly string[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly { readonly command: string; readonly says: string }[];
  run(context: CommandContext): Promise<number>;
}

/** Options every command takes. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "no-color", help: "No colours; NO_COLOR and FORCE_COLOR are honoured too." },
  { name: "help", short: "h", help: "Show the help of the command." },
];

/** Options of the commands that read many files. */
export const RESULT_OPTIONS: readonly OptionSpec[] = [
  { name: "json", value: "FILE", help: 'Write the result as JSON; "-" prints it on standard output and nothing else.' },
  { name: "workers", value: "N", help: "Worker threads that read and decode; as many as processors by default." },
  { name: "quiet", help: "No progress, and no more than the result in a sentence." },
];

/** Options of the commands that read a dataset. */
export const DATASET_OPTIONS: readonly OptionSpec[] = [
  {
    name: "split",
    value: "NAME=PATH",
    multiple: true,
    help: "Everything at or under PATH belongs to the split NAME; ARRAYS.npz#key names one array of a file. Repeatable.",
  },
  {
    name: "labels",
    value: "KEY=ARRAY",
    multiple: true,
    help: "The array KEY holds the labels of ARRAY, e.g. y=data.npz#X; of .npy files the file KEY, e.g. y.npy=x.npy. Repeatable.",
  },
  ...RESULT_OPTIONS,
  { name: "no-corrections", help: "Ignore what .cleansplit/dataset.json says about splits and labels." },
  { name: "no-cache", help: "Read every image again, and keep nothing for the next time." },
];

/** Work that a signal stopped and that can be gone on with; the message says how. */
export class StoppedWork extends Error {}

/** What of equal and similar images counts. */
export interface Counted {
  readonly tier: Tier;
  /** What is near, in units of the measure; `null` is the default. */
  readonly threshold: number | null;
}

/** The options that say what counts, for a command that knows these tiers. */
export function tierOptions<T extends Tier>(tiers: readonly T[], usual: T): readonly OptionSpec[] {
  const meaning: Readonly<Record<Tier, string>> = {
    file: "files with the same bytes",
    pixel: "also images with the same pixels",
    near: "also near duplicates",
  };
  return [
    {
      name: "tier",
      value: "TIER",
      help: `What counts: ${tiers.map((tier) => `${tier} (${meaning[tier]})`).join(", ")}; ${usual} by default.`,
    },
    {
      name: "threshold",
      value: "X",
      help: "How near is near: an RMS grey difference of at most X (of 255) for glyphs, a structural similarity of at least X (of 1) for photos.",
    },
  ];
}

/** What these options say. */
export function countedOf<T extends Tier>(args: Arguments, tiers: readonly T[], usual: T): Counted & { tier: T } {
  const tier = args.choice("tier", tiers) ?? usual;
  const threshold = args.decimal("threshold") ?? null;
  if (threshold !== null && tier !== "near") {
    throw new UsageError(
      `--threshold says what is near, and at --tier ${tier} only equal images count. Add --tier near.`,
    );
  }
  return { tier, threshold };
}

/**
 * Inspects the dataset of a command, as people corrected it, at tier `near` searches near duplicates, and shows the
 * engine's progress. What the command line says itself goes before the corrections.
 */
export async function inspectWithProgress(
  context: CommandContext,
  asked: DatasetRequest,
  { tier, threshold }: Counted = { tier: "pixel", threshold: null },
): Promise<InspectionResult> {
  const request = context.args.has("no-corrections") ? asked : withCorrections(asked);
  tellCorrections(context, request);
  const run = runWithProgress(context);
  const reached = new Set<Phase>();
  const progress = (event: Progress): void => {
    reached.add(event.phase);
    run.progress(event);
  };
  try {
    const shown = { signal: run.signal, progress };
    const found = await context.engine().inspect(request, shown);
    if (tier !== "near") return found;
    const { inspection } = found;
    return { inspection, report: await context.engine().near({ inspection, threshold }, shown) };
  } catch (error) {
    // Only image files are kept, and those are in folders.
    const isKept = reached.has("reading") && !context.args.has("no-cache") && request.inputs.some(isFolder);
    throw run.signal.aborted && isKept
      ? new StoppedWork("Stopped. What was read is kept; the same command goes on from there.")
      : error;
  }
}

/** One line for each file of corrections that is used. */
function tellCorrections({ err, process, quiet }: CommandContext, { assignments, labels = [] }: DatasetRequest): void {
  if (quiet) return;
  const files = new Map<string, number>();
  for (const { file } of [...assignments, ...labels])
    if (file !== undefined) files.set(file, (files.get(file) ?? 0) + 1);
  for (const [file, count] of files) {
    const name = path.relative(process.cwd, file);
    err.print(line(`${plural(count, "part")} as corrected in ${name} (--no-corrections ignores it).`));
  }
}

/** Whether a plan is made with what people said of images; a line says so when they said something. */
export async function usesChoices(context: CommandContext, inspection: string): Promise<boolean> {
  const { args, err, process, progress, quiet } = context;
  if (args.has("no-choices")) return false;
  const { keep, drop, stale, file } = await context.engine().reviewState({ inspection }, quickRun(context));
  progress.clear();
  if (file === null || quiet || keep + drop + stale === 0) return true;
  const name = path.relative(process.cwd, file);
  const outdated = stale === 0 ? "" : `; ${plural(stale, "choice is stale", "choices are stale")}`;
  const said = `${plural(keep, "image")} kept and ${number(drop)} dropped as ${name} says${outdated}`;
  err.print(...paragraph(line(), `${said} (--no-choices ignores it).`, err.width));
  return true;
}

/** A run of an engine call that shows the engine's progress. */
export function runWithProgress({ process, progress }: CommandContext): {
  signal: AbortSignal;
  progress(event: Progress): void;
} {
  return {
    signal: process.signal,
    progress: ({ phase, done, total }) => progress.update({ title: phaseTitle(phase), done, total }),
  };
}

/** A run of an engine call that is quick. */
export function quickRun({ process }: CommandContext): { signal: AbortSignal; progress(): void } {
  return { signal: process.signal, progress: () => undefined };
}

function isFolder(input: string): boolean {
  return statSync(input, { throwIfNoEntry: false })?.isDirectory() === true;
}
