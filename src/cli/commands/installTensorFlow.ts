import { UsageError } from "../arguments";
import { COMMON_OPTIONS, EXIT, type Command } from "../command";
import { line, paragraph, span } from "../output/text";
import { styleOf } from "../views/page";

export const installTensorFlow: Command = {
  name: "install-tensorflow",
  summary: "Install the native TensorFlow library, which train then uses",
  usage: "[options]",
  description: [
    "Fetches @tensorflow/tfjs-node with npm, from the registry that npm is set up with, and lets its install script fetch " +
      "the library from storage.googleapis.com: a few hundred megabytes, into the cache folder of CleanSplit. What is there " +
      "afterwards has multiplied two matrices here. Training works without it, too.",
  ],
  options: COMMON_OPTIONS,
  examples: [{ command: "cleansplit install-tensorflow", says: "then: cleansplit train data" }],
  async run(context) {
    const { args, out, process, progress } = context;
    if (args.positionals.length > 0) throw new UsageError("install-tensorflow takes no paths.");
    const { folder, version } = await context.engine().installNative(
      {},
      {
        signal: process.signal,
        progress: ({ step, detail }) =>
          progress.update({ title: step, done: 0, total: 0, ...(detail === "" ? {} : { note: detail }) }),
      },
    );
    progress.clear();
    const { width } = styleOf(out);
    out.print(
      ...paragraph(
        [],
        `Native TensorFlow works (@tensorflow/tfjs-node ${version}). Trainings use it from now on.`,
        width,
      ),
      line("  folder  ", span(folder, "accent")),
    );
    return EXIT.ok;
  },
};
