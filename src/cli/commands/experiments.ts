import { COMMON_OPTIONS, DATASET_OPTIONS, EXIT, inspectWithProgress, quickRun, type Command } from "../command";
import { datasetArguments, datasetRequest } from "../dataset";
import { openJson } from "../output/file";
import { line } from "../output/text";
import { summaryLines } from "../views/experimentView";
import { styleOf } from "../views/page";

export const experiments: Command = {
  name: "experiments",
  summary: "List the trainings that are kept of a dataset",
  usage: "PATH... [options]",
  description: [
    "Lists every experiment that was trained on a dataset, the newest first, with what it found. The newest 50 of all datasets " +
      "are kept; train --resume ID shows one again or goes on with it.",
  ],
  options: [
    { name: "forget", value: "ID", multiple: true, help: "Remove an experiment with everything that is kept of it." },
    ...DATASET_OPTIONS.filter(({ name }) => name !== "no-cache"),
    ...COMMON_OPTIONS,
  ],
  examples: [{ command: "cleansplit experiments data/notMNIST", says: "what was trained on it" }],
  async run(context) {
    const { args, process, out, progress, quiet } = context;
    const request = datasetRequest(args, process.cwd);
    const jsonPath = args.text("json");
    const json = jsonPath === undefined ? undefined : await openJson(jsonPath, process.cwd, process.stdout);
    const { inspection } = await inspectWithProgress(context, request);
    const engine = context.engine();
    for (const experiment of args.list("forget") ?? [])
      await engine.forgetExperiment({ experiment }, quickRun(context));
    const found = await engine.experiments({ inspection }, quickRun(context));
    progress.clear();
    await json?.write({ schema: "cleansplit/experiments@1", experiments: found });
    if (json?.isStdout === true) return EXIT.ok;
    const dataset = datasetArguments(args, process.platform);
    out.print(
      ...(quiet ? found.map(({ experiment }) => line(experiment)) : summaryLines(found, dataset, styleOf(out))),
    );
    return EXIT.ok;
  },
};
