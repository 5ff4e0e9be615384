import {
  DEFAULT_TRAINING,
  type PlannedRun,
  type TrainingEvent,
  type TrainingSize,
  type TrainingSpec,
} from "../../core/training/training";
import { parseInteger, type Arguments } from "../arguments";
import {
  COMMON_OPTIONS,
  DATASET_OPTIONS,
  EXIT,
  inspectWithProgress,
  type Command,
  type CommandContext,
} from "../command";
import { datasetRequest } from "../dataset";
import { openJson } from "../output/file";
import { backendLines, epochText, runLine, runTitle, sentenceLines, trainingLines } from "../views/trainingView";
import { styleOf } from "../views/page";

const MOST = Number.MAX_SAFE_INTEGER;

export const train: Command = {
  name: "train",
  summary: "Measure what the leakage costs: a baseline on original and sanitized data",
  usage: "PATH... [options]",
  description: [
    "Trains softmax regression on the train split, with more and more images, once on the original data and once on " +
      "the sanitized data, and scores every model on the test split. Needs a train and a test split with labels.",
  ],
  options: [
    {
      name: "sizes",
      value: "LIST",
      multiple: true,
      help: `Numbers of training images, "all" for all of them; ${DEFAULT_TRAINING.sizes.join(",")} by default.`,
    },
    { name: "epochs", value: "N", help: `Times every image is seen; ${DEFAULT_TRAINING.epochs} by default.` },
    {
      name: "seed",
      value: "N",
      help: `Seed of the choice and the order of images; ${DEFAULT_TRAINING.seed} by default.`,
    },
    {
      name: "data",
      value: "LIST",
      multiple: true,
      help: "Data to train on: original, sanitized or both, which is the default.",
    },
    ...DATASET_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: [
    { command: "cleansplit train data/notMNIST", says: "learning curve, original against sanitized" },
    {
      command: "cleansplit train data/notMNIST --sizes all --epochs 5 --json training.json",
      says: "one size, as JSON",
    },
  ],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const request = datasetRequest(args, process.cwd);
    const spec = trainingSpec(args);
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);

    const engine = context.engine();
    const { inspection } = await inspectWithProgress(context, request);
    const follow = follower(context);
    const result = await engine.train({ inspection, spec }, { signal: process.signal, progress: follow });
    progress.clear();

    await json?.write(result);
    if (json?.isStdout === true) return EXIT.ok;
    const style = styleOf(out);
    out.print(...(quiet ? sentenceLines(result.runs, style).slice(1) : trainingLines(result, style)));
    return EXIT.ok;
  },
};

function trainingSpec(args: Arguments): TrainingSpec {
  const sizes = args
    .list("sizes")
    ?.map((size): TrainingSize => (size === "all" ? "all" : parseInteger("--sizes", size, 1, MOST)));
  return {
    ...DEFAULT_TRAINING,
    sizes: sizes ?? DEFAULT_TRAINING.sizes,
    data: args.choices("data", ["original", "sanitized"]) ?? DEFAULT_TRAINING.data,
    seed: args.integer("seed", 0, MOST) ?? DEFAULT_TRAINING.seed,
    epochs: args.integer("epochs", 1, 100_000) ?? DEFAULT_TRAINING.epochs,
  };
}

/** Shows a training while it runs: the epochs of the current run, and a line that stays for every finished one. */
function follower({ err, progress }: CommandContext): (event: TrainingEvent) => void {
  let planned: readonly PlannedRun[] = [];
  return (event) => {
    switch (event.type) {
      case "started":
        planned = event.runs;
        for (const line of backendLines(event.backend, styleOf(err))) progress.log(line);
        return;
      case "loading":
        progress.update({ title: "Loading", done: event.done, total: event.total });
        return;
      case "epoch": {
        const run = planned[event.run];
        if (run === undefined) return;
        progress.update({
          title: runTitle(run),
          done: event.epoch + 1,
          total: run.epochs,
          note: epochText(event.score),
        });
        return;
      }
      case "run":
        progress.log(runLine(event.result, styleOf(err)));
        return;
    }
  };
}
