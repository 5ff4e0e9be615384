import path from "node:path";
import { CleanSplitError } from "../../core/errors";
import {
  DEFAULT_EXPERIMENT,
  type ExperimentEvent,
  type ExperimentResult,
  type ExperimentSpec,
  type TrainingRun,
  type TrainingSize,
} from "../../core/training/experiment";
import { lowerFirst } from "../../core/training/experimentText";
import { MODEL_NAMES, MODELS } from "../../core/training/models";
import { BACKEND_NAMES, MAX_SIDE, MAX_TRAINING_SEED } from "../../core/training/planRuns";
import type { ExperimentFormat, ModelFormat } from "../../engine/lab/lab";
import { parseInteger, UsageError, type Arguments } from "../arguments";
import {
  COMMON_OPTIONS,
  DATASET_OPTIONS,
  EXIT,
  inspectWithProgress,
  quickRun,
  runWithProgress,
  StoppedWork,
  tierOptions,
  type Command,
  type CommandContext,
} from "../command";
import { datasetArguments, datasetRequest } from "../dataset";
import { openFile, openJson } from "../output/file";
import type { Line } from "../output/text";
import { backendLines, detailLines, experimentLines, finishedLine, sentenceLines } from "../views/experimentView";
import { styleOf } from "../views/page";

const MOST = Number.MAX_SAFE_INTEGER;
const TIERS = ["pixel", "near"] as const;
const KINDS = ["keras", "sklearn"] as const;
const FORMATS: readonly ModelFormat[] = ["tfjs", "onnx", "npz"];

/** The names of experiments. */
const EXPERIMENT = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

export const train: Command = {
  name: "train",
  summary: "Measure what the leakage costs: models on original and sanitized data",
  usage: "PATH... [options]",
  description: [
    "Trains models on the train split, with more and more images and several seeds, on the original data and on the sanitized " +
      "data, and scores all of them on the same test images. Says what the duplicates did to the score, and how sure that is. " +
      "Needs a train and a test split with labels. Ctrl+C keeps what finished.",
  ],
  options: [
    {
      name: "models",
      value: "LIST",
      multiple: true,
      help: `What is trained: ${MODEL_NAMES.map((name) => `${name} (${lowerFirst(MODELS[name].title)})`).join(", ")}; ${DEFAULT_EXPERIMENT.models.join(",")} by default.`,
    },
    {
      name: "sizes",
      value: "LIST",
      multiple: true,
      help: `Numbers of training images, "all" for all of them; ${DEFAULT_EXPERIMENT.sizes.join(",")} by default.`,
    },
    {
      name: "seeds",
      value: "N",
      help: `How many times each is trained, with the seeds 1 to N, or a list of seeds such as 7,8; ${DEFAULT_EXPERIMENT.seeds.length} by default.`,
    },
    {
      name: "data",
      value: "LIST",
      multiple: true,
      help: "Data to train on: original, sanitized or both, which is the default.",
    },
    ...tierOptions(TIERS, "pixel").slice(0, 1),
    { name: "epochs", value: "N", help: "Times every image is seen, in place of the models' own recipes." },
    { name: "batch", value: "N", help: "Images in a batch, likewise." },
    { name: "learning-rate", value: "X", help: "Learning rate, likewise." },
    {
      name: "side",
      value: "N",
      help: "Side in pixels that images are resized to; by default small images of one size keep it and others get 32.",
    },
    { name: "channels", value: "N", help: "1 for grey, 3 for colour; as the images are by default." },
    { name: "backend", value: "NAME", help: `What computes: ${BACKEND_NAMES.join(", ")}; the best by default.` },
    {
      name: "resume",
      value: "[ID]",
      optional: EXPERIMENT,
      help: "Go on with an experiment that was stopped, by default the last one; shows one that is done.",
    },
    { name: "csv", value: "FILE", help: "Write every run as CSV, and what the leakage costs beside it." },
    {
      name: "notebook",
      value: "FILE",
      help: "Write a notebook (.ipynb) that repeats the runs, with the images beside it.",
    },
    { name: "notebook-kind", value: "KIND", help: "The notebook uses keras, which is the default, or sklearn." },
    { name: "save-model", value: "DIR", help: "Save the best run of the first model into the new folder DIR." },
    { name: "model-format", value: "NAME", help: `The form of the model: ${FORMATS.join(", ")}; tfjs by default.` },
    ...DATASET_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit train data/notMNIST", says: "learning curve, original against sanitized" },
    { command: "cleansplit train data/notMNIST --models knn,mlp --sizes all --seeds 3", says: "other models" },
    { command: "cleansplit train data/notMNIST --resume", says: "go on after Ctrl+C" },
    {
      command: "cleansplit train data/notMNIST --resume --csv runs.csv --notebook runs.ipynb",
      says: "take the last experiment elsewhere",
    },
  ],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const request = datasetRequest(args, process.cwd);
    const spec = specOf(args);
    const exports = await exportsOf(args, process.cwd);
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);

    const { inspection } = await inspectWithProgress(context, request);
    const result = await runExperiment(context, inspection, spec);
    await json?.write(result);
    const written = await writeExports(context, inspection, result, exports);
    progress.clear();
    if (json?.isStdout === true) return EXIT.ok;
    const style = styleOf(out);
    const dataset = datasetArguments(args, process.platform);
    const lines: readonly Line[] = quiet
      ? sentenceLines(result, style)
      : [
          ...experimentLines(result, style),
          ...detailLines(result, { dataset, written, isKept: !args.has("no-cache") }, style),
        ];
    out.print(...lines);
    return EXIT.ok;
  },
};

/** Trains, or goes on, and shows how it goes. */
async function runExperiment(
  context: CommandContext,
  inspection: string,
  spec: Partial<ExperimentSpec>,
): Promise<ExperimentResult> {
  const { args, process } = context;
  const engine = context.engine();
  const state = { isBegun: false };
  const follow = follower(context);
  const run = {
    signal: process.signal,
    progress: (event: ExperimentEvent) => {
      state.isBegun ||= event.type === "snapshot";
      follow(event);
    },
  };
  try {
    if (!args.has("resume")) return await engine.runExperiment({ inspection, spec }, run);
    const experiment = args.text("resume") ?? (await lastExperiment(context, inspection));
    return await engine.resumeExperiment({ inspection, experiment }, run);
  } catch (error) {
    const isKept = state.isBegun && !args.has("no-cache");
    if (!process.signal.aborted || !isKept) throw error;
    const command = `cleansplit train ${datasetArguments(args, process.platform)} --resume`;
    throw new StoppedWork(`Stopped. What finished is kept; to go on: ${command}`);
  }
}

async function lastExperiment(context: CommandContext, inspection: string): Promise<string> {
  const [last] = await context.engine().experiments({ inspection }, quickRun(context));
  if (last !== undefined) return last.experiment;
  throw new CleanSplitError(
    "not-found",
    "There is no experiment on this dataset to go on with. Leave --resume out to start one.",
  );
}

/** What the options say of the experiment; with `--resume` there must be none of them. */
function specOf(args: Arguments): Partial<ExperimentSpec> {
  const sizes = args
    .list("sizes")
    ?.map((size): TrainingSize => (size === "all" ? "all" : parseInteger("--sizes", size, 1, MOST)));
  const channels = args.integer("channels", 1, 3);
  if (channels === 2) throw new UsageError("--channels can be 1 for grey or 3 for colour.");
  const spec = {
    models: args.choices("models", MODEL_NAMES),
    sizes,
    seeds: seedsOf(args),
    data: args.choices("data", ["original", "sanitized"] as const),
    tier: args.choice("tier", TIERS),
    epochs: args.integer("epochs", 1, 100_000),
    batchSize: args.integer("batch", 1, 1_000_000),
    learningRate: args.decimal("learning-rate"),
    side: args.integer("side", 1, MAX_SIDE),
    channels,
    backend: args.choice("backend", BACKEND_NAMES),
  };
  const given = Object.entries(spec).filter(([, value]) => value !== undefined);
  if (args.has("resume") && given.length > 0) {
    throw new UsageError(
      "--resume goes on with an experiment as it was begun. Leave out what says how to train, or leave out --resume.",
    );
  }
  return Object.fromEntries(given);
}

/** `5` stands for the seeds 1 to 5, `7,8` for those two. */
function seedsOf(args: Arguments): readonly number[] | undefined {
  const text = args.text("seeds");
  if (text === undefined) return undefined;
  if (!text.includes(",")) {
    const count = parseInteger("--seeds", text, 1, 1000);
    return Array.from({ length: count }, (_, index) => index + 1);
  }
  return args.list("seeds")?.map((seed) => parseInteger("--seeds", seed, 0, MAX_TRAINING_SEED));
}

/** Files that are written of an experiment. */
interface Exports {
  readonly files: readonly { readonly format: ExperimentFormat; readonly file: string }[];
  readonly model: { readonly folder: string; readonly format: ModelFormat } | null;
}

/** What is to be written, looked at before the work starts. */
async function exportsOf(args: Arguments, cwd: string): Promise<Exports> {
  const kind = args.choice("notebook-kind", KINDS);
  const format = args.choice("model-format", FORMATS);
  const [csv, notebook, folder] = [args.text("csv"), args.text("notebook"), args.text("save-model")];
  if (kind !== undefined && notebook === undefined) throw new UsageError("--notebook-kind needs --notebook FILE.");
  if (format !== undefined && folder === undefined) throw new UsageError("--model-format needs --save-model DIR.");
  if (notebook !== undefined && !notebook.toLowerCase().endsWith(".ipynb")) {
    throw new UsageError(`--notebook needs a file named .ipynb, not "${notebook}".`);
  }
  const files: { format: ExperimentFormat; file: string }[] = [];
  if (csv !== undefined) files.push({ format: "csv", file: csv });
  if (notebook !== undefined) files.push({ format: kind ?? "keras", file: notebook });
  for (const { file } of files) await openFile(file, cwd, `experiment${path.extname(file)}`);
  return {
    files: files.map(({ format, file }) => ({ format, file: path.resolve(cwd, file) })),
    model: folder === undefined ? null : { folder: path.resolve(cwd, folder), format: format ?? "tfjs" },
  };
}

/** Writes what was asked for; answers the absolute paths of files and folders. */
async function writeExports(
  context: CommandContext,
  inspection: string,
  result: ExperimentResult,
  { files, model }: Exports,
): Promise<readonly string[]> {
  const engine = context.engine();
  const { experiment } = result;
  const written: string[] = [];
  for (const { format, file } of files) {
    const request = { inspection, experiment, format, file, overwrite: true };
    written.push(...(await engine.exportExperiment(request, runWithProgress(context))).files);
  }
  if (model !== null) {
    const run = bestRun(result);
    const saved = await engine.exportModel({ experiment, run, ...model }, quickRun(context));
    written.push(saved.folder);
  }
  return written;
}

/** The kept run of the first model that does best on test images that occur nowhere else. */
function bestRun({ runs, spec }: ExperimentResult): number {
  const scoreOf = ({ scores }: TrainingRun): number => (scores.clean ?? scores.original)?.accuracy ?? 0;
  const kept = runs.flatMap(({ run, result }) =>
    result?.isKept === true && result.model === spec.models[0] ? [{ run, score: scoreOf(result) }] : [],
  );
  const best = kept.sort((a, b) => b.score - a.score)[0];
  if (best !== undefined) return best.run;
  throw new CleanSplitError(
    "unsupported",
    `The model ${spec.models[0] ?? ""} has no parameters to save; choose another one.`,
  );
}

/** Shows an experiment while it runs: how far all runs are, and a line that stays for the runs of one size. */
function follower({ err, progress }: CommandContext): (event: ExperimentEvent) => void {
  let shown: ExperimentResult | null = null;
  let saidBackends = false;
  const style = styleOf(err);
  const epochs = new Map<number, number>();
  const finished = new Map<number, TrainingRun>();
  const show = (): void => {
    if (shown === null) return;
    let [done, total] = [0, 0];
    shown.plan.forEach(({ trained, epochs: planned }, run) => {
      const times = Math.max(1, planned);
      total += trained * times;
      done += trained * (finished.has(run) ? times : (epochs.get(run) ?? 0));
    });
    progress.update({ title: "Training", done, total });
  };
  const finish = (run: number, result: TrainingRun): void => {
    finished.set(run, result);
    const alike = (shown?.plan ?? []).flatMap(({ model, data, size }, other) =>
      model === result.model && data === result.data && size === result.size ? [other] : [],
    );
    const results = alike.flatMap((other) => finished.get(other) ?? []);
    if (results.length === alike.length) progress.log(finishedLine(results, style));
  };
  return (event) => {
    switch (event.type) {
      case "loading":
        progress.update({
          title: event.phase === "near" ? "Searching near duplicates" : "Loading",
          done: event.done,
          total: event.total,
        });
        return;
      case "snapshot":
        shown = event.experiment;
        epochs.clear();
        for (const { run, curve, result } of shown.runs) {
          epochs.set(run, curve.length);
          if (result !== null && !finished.has(run)) finish(run, result);
        }
        if (!saidBackends) for (const line of backendLines(shown, style)) progress.log(line);
        saidBackends ||= Object.keys(shown.backends).length > 0;
        show();
        return;
      case "epochs":
        epochs.set(event.run, event.epoch + event.scores.length);
        show();
        return;
      case "run":
        finish(event.run, event.result);
        show();
        return;
      case "status":
      case "cost":
        return;
    }
  };
}
